using System.Globalization;
using Prefork;
using Prefork.AspNetCore;

if (Cluster.IsPrimary)
{
    Console.WriteLine($"Primary {Environment.ProcessId} is running");
    var works = false;
    using var failed = new CancellationTokenSource();
    Cluster.Listening += (_, _) => works = true;
    Cluster.Exited += (_, e) =>
    {
        Console.WriteLine($"worker {e.Worker.Process.Id} died");
        if (works && !e.Exit.Asked)
        {
            Cluster.Fork();
        }
        else if (!e.Exit.Asked)
        {
            failed.Cancel(); // none has listened yet: the next one would fare no better
        }
    };

    var workers = int.Parse(Environment.GetEnvironmentVariable("WORKERS") ?? $"{Environment.ProcessorCount}", CultureInfo.InvariantCulture);
    Cluster.SetupPrimary(settings => settings.ExpectedWorkers = workers);
    for (var i = 0; i < workers; i++)
    {
        Cluster.Fork();
    }

    await Cluster.WaitForShutdownAsync(failed.Token);
    return failed.IsCancellationRequested ? 1 : 0;
}
else
{
    var builder = WebApplication.CreateSlimBuilder(args);
    builder.Logging.ClearProviders();
    builder.UseCluster();
    builder.WebHost.UseUrls($"http://localhost:{Environment.GetEnvironmentVariable("PORT") ?? "8000"}");
    var app = builder.Build();
    app.MapGet("/", (HttpResponse response) =>
    {
        response.Headers["x-worker"] = $"{Cluster.Worker!.Id}";
        return "hello world\n";
    });
    await app.StartAsync();
    Console.WriteLine($"Worker {Environment.ProcessId} started");
    await app.WaitForShutdownAsync();
    return 0;
}
