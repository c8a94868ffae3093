namespace Prefork.AspNetCore;

/// <summary>Whether a worker is the first of its generation to say something. The others of it run the same program, and would say the same.</summary>
internal static class SayOnce
{
    private static readonly TimeSpan ClaimTime = TimeSpan.FromSeconds(5);

    /// <summary>A new generation may be another program, and says it again. Under a primary that does not answer each worker says it; so does a process alone.</summary>
    internal static async Task<bool> IsFirstAsync(string name)
    {
        if (Cluster.Worker is not { } worker)
        {
            return true;
        }

        try
        {
            using var timeout = new CancellationTokenSource(ClaimTime);
            return await worker.TryClaimAsync($"prefork.startup-checks/{worker.Generation}/{name}", timeout.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return true;
        }
        catch (ClusterChannelClosedException)
        {
            return false;
        }
    }
}
