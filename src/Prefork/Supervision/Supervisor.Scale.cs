namespace Prefork.Supervision;

/// <remarks>How many workers there are to be, said by somebody who waits for them.</remarks>
internal sealed partial class Supervisor
{
    /// <summary>Returns how many serve then, in words.</summary>
    /// <param name="count">Says how many there are to be, of how many there are when its turn has come.</param>
    internal Task<string> ScaleAsync(Func<int, int> count)
    {
        var workers = 0;
        return OperateAsync(() => $"scaling to {workers = count(_desired)}", queue: true, async () =>
        {
            foreach (var slot in _slots)
            {
                slot.Failure = null;

                // Who asks for so many asks for those, too, that had ended for good.
                slot.IsFinished &= slot.Index >= workers;
            }

            var breaker = _current!.Breaker;
            var opened = (breaker.IsOpen, breaker.OpenedAt);

            // One that was open before says nothing of those that are to come now.
            bool IsCrashLoop() => breaker.IsOpen && (breaker.IsOpen, breaker.OpenedAt) != opened;
            await HaveSuccessorsAsync(workers, IsCrashLoop);
            _desired = workers;
            Changed();
            var patience = Now + LaunchPatience;
            await UntilAsync(() => IsStopping || IsScaled || IsCrashLoop() || Hopeless is not null || Now >= patience);
            ThrowIfStopping();
            if (!IsScaled)
            {
                throw await NotScaledAsync();
            }

            return Serving == _desired
                ? $"{_desired} {(_desired == 1 ? "worker serves" : "workers serve")}"
                : $"{Serving} of {_desired} workers {(Serving == 1 ? "serves" : "serve")}: the others have ended with a code that means not to start them again";
        });
    }

    private bool IsScaled => AllServe && _slots.Count == _desired;

    /// <summary>A slot whose worker has taken all the time that it may take, in vain: the next one can do so, too. One that ends at once may be luckier the next time.</summary>
    private Slot? Hopeless => _slots.Find(static slot => slot.Failure is { Worker.HasFailed: true });

    /// <summary>How long it takes at most until a worker that is started now serves, or has failed.</summary>
    private TimeSpan LaunchPatience => _current!.Options.BootTimeout + _current.Options.HealthGateTimeout;

    /// <summary>Where those that are too many are all that serve, they stay until one of the others does: a scale is no outage.</summary>
    /// <exception cref="SupervisorException">None of the others comes to serve; nobody has been taken away.</exception>
    private async Task HaveSuccessorsAsync(int workers, Func<bool> isCrashLoop)
    {
        bool Serves(Slot slot) => slot.Holder?.Phase == WorkerPhase.Serving;
        bool Remain() => _slots.Take(workers).Any(Serves) || !_slots.Exists(Serves);
        bool IsHopeless() => _slots.Take(workers).All(static slot => slot.IsFinished || slot.Failure is { Worker.HasFailed: true });
        Changed();
        var patience = Now + LaunchPatience;
        await UntilAsync(() => IsStopping || Remain() || IsHopeless() || isCrashLoop() || Now >= patience);
        ThrowIfStopping();
        if (!Remain())
        {
            var (why, ending) = await ExplainAsync(_slots.Take(workers));
            throw new SupervisorException($"With {workers} {(workers == 1 ? "worker" : "workers")} nobody would serve: {why}. There are {_desired}, as before.", ending);
        }
    }

    /// <summary>The number stays, and is worked at: what keeps a worker from serving is often gone a moment later.</summary>
    private async Task<SupervisorException> NotScaledAsync()
    {
        var (serving, desired) = (Serving, _desired);
        var (why, ending) = await ExplainAsync(_slots);
        return new SupervisorException($"{serving} of {desired} workers {(serving == 1 ? "serves" : "serve")}: {why}. The supervisor goes on trying for {desired}.", ending);
    }

    /// <summary>Why those slots, or some of them, have nobody who serves.</summary>
    private async Task<(string Why, WorkerEnding? Ending)> ExplainAsync(IEnumerable<Slot> slots)
    {
        var failures = slots.Select(static slot => slot.Failure).OfType<WorkerFailedException>().ToList();
        var failure = failures.Find(static failure => failure.Worker is { HasFailed: true }) ?? failures.FirstOrDefault();
        var why = _current!.Breaker.IsOpen ? "the others end as fast as they are started"
            : slots.All(static slot => slot.IsFinished) ? "the others have ended with a code that means not to start them again"
            : "the others are not ready yet";
        var ending = failure?.Worker is { } worker ? await EndingOfAsync(worker) : null;

        // That may take a while, and a stop goes on trying for nothing.
        ThrowIfStopping();
        return (failure is null ? why : Explain(failure, ending), ending);
    }
}
