namespace Prefork.Supervision;

/// <remarks>How many workers there are to be, said by somebody who waits for them.</remarks>
internal sealed partial class Supervisor
{
    internal Task ScaleAsync(int workers)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        return OperateAsync($"scaling to {workers}", queue: true, async () =>
        {
            _desired = workers;
            _slots.ForEach(static slot => slot.Failure = null);
            Changed();
            var patience = Now + LaunchPatience;
            await UntilAsync(() => IsStopping || IsScaled || _current!.Breaker.IsOpen || Hopeless is not null || Now >= patience);
            if (!IsScaled)
            {
                ThrowIfStopping();
                throw await NotScaledAsync();
            }

            return $"{_desired} {(_desired == 1 ? "worker serves" : "workers serve")}";
        });
    }

    private bool IsScaled => AllServe && _slots.Count == _desired;

    /// <summary>A slot whose worker has taken all the time that it may take, in vain: the next one can do so, too. One that ends at once may be luckier the next time.</summary>
    private Slot? Hopeless => _slots.Find(static slot => slot.Failure is { Worker.HasFailed: true });

    /// <summary>How long it takes at most until a worker that is started now serves, or has failed.</summary>
    private TimeSpan LaunchPatience => _current!.Options.BootTimeout + _current.Options.HealthGateTimeout;

    /// <summary>The number stays, and is worked at: what keeps a worker from serving is often gone a moment later.</summary>
    private async Task<SupervisorException> NotScaledAsync()
    {
        var (serving, desired) = (Serving, _desired);
        var failure = (Hopeless ?? _slots.Find(static slot => slot.Failure is not null))?.Failure;
        var ending = failure?.Worker is { } worker ? await EndingOfAsync(worker) : null;
        var why = failure is not null ? Explain(failure, ending)
            : _current!.Breaker.IsOpen ? "the others end as fast as they are started"
            : "the others are not ready yet";
        return new SupervisorException($"{serving} of {desired} workers {(serving == 1 ? "serves" : "serve")}: {why}. The supervisor goes on trying for {desired}.", ending);
    }
}
