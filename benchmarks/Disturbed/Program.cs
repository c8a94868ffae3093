// WORKERS workers on PORT, each of which answers with its slot. A line of standard input, one of Disturbance's, goes to the worker in slot 0.
// Says "ready", "forked SLOT PID" for each process that is started, and what the supervisor says. NAIVE=1: no supervisor; whoever dies is forked again at once.
using System.Globalization;
using Disturbed;
using Prefork;
using Prefork.AspNetCore;

if (!Cluster.IsPrimary)
{
    Disturbance.BeforeStart();
    var builder = WebApplication.CreateSlimBuilder(args);
    builder.Logging.ClearProviders();
    builder.WebHost.UseUrls($"http://127.0.0.1:{Environment.GetEnvironmentVariable("PORT") ?? "8000"}");
    builder.UseCluster();
    var app = builder.Build();
    app.MapGet("/", () => Results.Text($"{Disturbance.Slot}")); // with a length, not in chunks
    Cluster.Worker!.MessageReceived += (_, e) => Disturbance.Begin(e.Message.Get<string>()!);
    app.Run();
    return;
}

var workers = int.Parse(Environment.GetEnvironmentVariable("WORKERS") ?? "4", CultureInfo.InvariantCulture);
Func<WorkerProcess?> first = Environment.GetEnvironmentVariable("NAIVE") == "1" ? await Naive.StartAsync(workers) : await Supervised.StartAsync(workers);
Console.WriteLine("ready");
while (await Console.In.ReadLineAsync() is { } line)
{
    if (first() is { } worker)
    {
        await worker.SendAsync(line);
    }
}
