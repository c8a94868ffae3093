namespace Prefork.Scheduling;

/// <summary>The fewest connections open and waiting; among equals, whoever has had the fewest.</summary>
internal sealed class LeastConnectionsSelector : IWorkerSelector
{
    public int Select(ReadOnlySpan<WorkerLoad> candidates)
    {
        var chosen = 0;
        for (var i = 1; i < candidates.Length; i++)
        {
            var (candidate, best) = (candidates[i], candidates[chosen]);
            var difference = candidate.Open + candidate.Waiting - best.Open - best.Waiting;
            if (difference < 0 || (difference == 0 && candidate.HandedOver < best.HandedOver))
            {
                chosen = i;
            }
        }

        return chosen;
    }
}
