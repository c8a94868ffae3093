namespace Prefork.Native;

/// <summary>One asker's part of a <see cref="BlockingPool"/>: whoever asks for more at once waits for his own, so that a dead mount of his holds up nobody else.</summary>
internal sealed class BlockingShare(BlockingPool pool, int mostAtOnce = 8)
{
    private readonly Queue<Action> _waiting = new();
    private int _running;

    /// <summary>Runs <paramref name="work"/>, which throws nothing, on a thread of the pool's.</summary>
    internal void Run(Action work)
    {
        lock (_waiting)
        {
            if (_running == mostAtOnce)
            {
                _waiting.Enqueue(work);
                return;
            }

            _running++;
        }

        pool.Run(() => RunAll(work));
    }

    private void RunAll(Action? work)
    {
        while (work is not null)
        {
            work();
            lock (_waiting)
            {
                if (!_waiting.TryDequeue(out work))
                {
                    _running--;
                }
            }
        }
    }
}
