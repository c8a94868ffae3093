using System.Runtime.InteropServices;

namespace Prefork.AspNetCore.Hosts;

/// <summary>The hosts of this process, which is a worker's; and the process's own events.</summary>
internal static class ThisProcess
{
    /// <summary>How long the process's end waits for the primary to hear that the worker leaves.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    private static readonly Lazy<WorkerHosts> s_hosts = new(Create);

    // Kept for the process's life: a registration that is collected hears nothing.
    private static PosixSignalRegistration[] s_signals = [];

    internal static WorkerHosts Hosts => s_hosts.Value;

    private static WorkerHosts Create()
    {
        var worker = Cluster.Worker!;
        var hosts = new WorkerHosts(new WorkerVoice(() => worker.Leaving.IsCancellationRequested, worker.ExpectReady, worker.SetReady, worker.Disconnect), TimeProvider.System);

        // What follows from a signal is for others to decide, such as the hosts' lifetimes: this only takes note.
        s_signals = [.. new[] { PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT }.Select(signal => PosixSignalRegistration.Create(signal, _ => hosts.TellToEnd()))];
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            if (hosts.ProcessEnds())
            {
                // Or the primary would take the end of a program that has done its work for a failure.
                _ = worker.WaitForDisconnectAsync().Wait(s_patience);
            }
        };
        return hosts;
    }
}
