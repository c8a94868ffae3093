// A small ASP.NET worker, and a primary that forks WORKERS of them one after the other and says how long each took, in ms:
// {"worker":4711,"online":1.0,"listening":2.0} a line, then "ready".
using System.Diagnostics;
using System.Globalization;
using Prefork;
using Prefork.AspNetCore;

if (Cluster.IsPrimary)
{
    var workers = int.Parse(Environment.GetEnvironmentVariable("WORKERS") ?? "2", CultureInfo.InvariantCulture);
    for (var i = 0; i < workers; i++)
    {
        await ForkOneAsync();
    }
    Console.WriteLine("ready");
    await Cluster.WaitForShutdownAsync();
    return;
}

var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.ClearProviders();
builder.WebHost.UseUrls($"http://127.0.0.1:{Environment.GetEnvironmentVariable("PORT") ?? "8000"}");
builder.UseCluster();

var app = builder.Build();
app.MapGet("/", () => Results.Text("hello world\n"));
app.Run();

static async Task ForkOneAsync()
{
    var online = new TaskCompletionSource<TimeSpan>();
    var listening = new TaskCompletionSource<TimeSpan>();
    var started = Stopwatch.GetTimestamp();
    var worker = Cluster.Fork();
    worker.Online += (_, _) => online.TrySetResult(Stopwatch.GetElapsedTime(started));
    worker.Listening += (_, _) => listening.TrySetResult(Stopwatch.GetElapsedTime(started));
    var (onlineMs, listeningMs) = ((await online.Task).TotalMilliseconds, (await listening.Task).TotalMilliseconds);
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $$"""{"worker":{{worker.Process.Id}},"online":{{onlineMs:F1}},"listening":{{listeningMs:F1}}}"""));
}
