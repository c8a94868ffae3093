using Prefork;

namespace ClusterApp;

/// <summary>
/// What a worker knows of its cluster, and work that one worker alone may do: under an exclusive lock on a file, so that two at once are seen.
/// </summary>
internal sealed class WorkerLeading(ClusterWorker worker, Action<string> say)
{
    private readonly TaskCompletionSource _mayLetGo = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal async Task ObeyAsync(string[] words)
    {
        switch (words[0])
        {
            case "context":
                SayContext("context");
                break;
            case "watchcontext":
                worker.ContextChanged += (_, _) => SayContext("changed");
                say("watches");
                break;
            case "lead":
                _mayLetGo.TrySetResult();
                await LeadAsync(words[1]);
                break;
            case "leadandhold":
                await LeadAsync(words[1]);
                break;
            case "letgo":
                _mayLetGo.TrySetResult();
                break;
            case "claim":
                say($"claimed {await worker.TryClaimAsync(words[1])}");
                break;
            case "resign":
                worker.ResignLeadership();
                SayContext("resigned");
                break;
        }
    }

    private void SayContext(string what) => say($"{what} workers={worker.WorkerCount} leader={worker.IsLeader} generation={worker.Generation}");

    private async Task LeadAsync(string file)
    {
        ClusterLeadership leadership;
        try
        {
            leadership = await worker.WaitForLeadershipAsync();
        }
        catch (ClusterChannelClosedException)
        {
            say("will not lead");
            return;
        }

        using (leadership)
        {
            try
            {
                using var locked = new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
                say($"leads {Environment.ProcessId}");
                await leadership.Ending.AsTask();
                say("ending");
                await _mayLetGo.Task;
            }
            catch (IOException exception)
            {
                say($"conflict: {exception.Message}");
            }
        }
    }
}

internal static class TokenExtensions
{
    internal static Task AsTask(this CancellationToken token)
    {
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        token.Register(cancelled.SetResult);
        return cancelled.Task;
    }
}
