namespace Prefork.Scheduling;

/// <summary>Strict rotation by worker id: who comes after the last one chosen. The shares of equals differ by one at most.</summary>
internal sealed class RoundRobinSelector : IWorkerSelector
{
    private int _last;

    public int Select(ReadOnlySpan<WorkerLoad> candidates)
    {
        var chosen = 0;
        for (var i = 0; i < candidates.Length; i++)
        {
            if (candidates[i].WorkerId > _last)
            {
                chosen = i;
                break;
            }
        }

        _last = candidates[chosen].WorkerId;
        return chosen;
    }
}
