using System.Globalization;
using System.Runtime.InteropServices;
using Prefork;

namespace Disturbed;

/// <summary>The defaults of a supervisor, but for what would take longer than a measurement: a hang is one after HANG seconds; memory has a limit.</summary>
internal static class Supervised
{
    internal static async Task<Func<WorkerProcess?>> StartAsync(int workers)
    {
        var options = new SupervisorOptions
        {
            Workers = workers,
            HeartbeatInterval = TimeSpan.FromMilliseconds(500),
            HangTimeout = TimeSpan.FromSeconds(double.Parse(Environment.GetEnvironmentVariable("HANG") ?? "3", CultureInfo.InvariantCulture)),
            HandleSignals = false,
        };
        options.Recycling.MaxMemory = 500L << 20;
        var supervisor = new ClusterSupervisor(options);
        supervisor.Happened += (_, e) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Environment.TickCount64} {e.Message}"));
        WorkerProcess? first = null;
        supervisor.Happened += (_, e) =>
        {
            if (e.Message.Contains("(slot 0,", StringComparison.Ordinal) && e.Worker is { } worker && e.Kind == SupervisorEventKind.WorkerStarted)
            {
                Volatile.Write(ref first, worker);
                Console.WriteLine($"forked 0 {worker.Process.Id}");
            }
        };
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            _ = StopAsync(supervisor);
        });
        await supervisor.StartAsync();
        return () => Volatile.Read(ref first);
    }

    private static async Task StopAsync(ClusterSupervisor supervisor)
    {
        await supervisor.StopAsync();
        Environment.Exit(0);
    }
}
