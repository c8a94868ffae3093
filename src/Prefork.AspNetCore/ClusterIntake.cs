namespace Prefork.AspNetCore;

/// <summary>How a host that stops ends the intake of its listeners.</summary>
internal static class ClusterIntake
{
    /// <summary>
    /// A worker that was asked to leave has been given its last connections already, and serves them: its intake ends by itself behind them.
    /// A host that stops for another reason takes no more, and what it was given goes to the other workers.
    /// </summary>
    internal static void Stop(ClusterListener listener)
    {
        if (Cluster.Worker is not { Leaving.IsCancellationRequested: true })
        {
            listener.Stop();
        }
    }
}
