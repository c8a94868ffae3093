using System.Runtime.InteropServices;
using Prefork;

/// <summary>Starts, before the server does, when the worker has been told to end: "leaving" by its primary, "signal" by SIGINT.</summary>
internal sealed class SlowStart(string when) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var signal = PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => Tell("signal"));
        using var leaving = Cluster.Worker!.Leaving.Register(() => Tell("leaving"));
        Console.WriteLine($"starting {Environment.ProcessId}");
        await told.Task;

        void Tell(string what)
        {
            if (what == when)
            {
                told.TrySetResult();
            }
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
