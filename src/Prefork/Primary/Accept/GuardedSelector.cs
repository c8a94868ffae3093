namespace Prefork.Primary.Accept;

/// <summary>The policy's selector, which is the user's code: its failure must not cost a connection. The first candidate gets it then.</summary>
internal sealed class GuardedSelector(Func<IWorkerSelector> create, IAcceptorEvents events)
{
    private IWorkerSelector? _selector;

    internal int Select(ReadOnlySpan<WorkerLoad> candidates)
    {
        try
        {
            _selector ??= create();
            var chosen = _selector.Select(candidates);
            if ((uint)chosen < (uint)candidates.Length)
            {
                return chosen;
            }

            throw new InvalidOperationException($"The scheduling policy chose candidate {chosen} of {candidates.Length}.");
        }
        catch (Exception exception)
        {
            events.OnTrouble(this, exception);
            return 0;
        }
    }
}
