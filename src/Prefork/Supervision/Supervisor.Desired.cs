
namespace Prefork.Supervision;

/// <remarks>What is to be against what is: after every change, and at every tick.</remarks>
internal sealed partial class Supervisor
{
    private static readonly TimeSpan s_tick = TimeSpan.FromSeconds(1);

    private void OnTick()
    {
        if (!IsStopping && _current is not null)
        {
            CheckHealth();
            Settle();
            _ = LookAndRecycleAsync(_recycleRules!);
        }

        Changed();
    }

    /// <summary>The state has changed: does what is to be done about it, and wakes whoever waits for it.</summary>
    private void Changed()
    {
        if (!IsStopping && _current is not null)
        {
            Cull();
            Spawn();
            KeepWarm();
            _state = AllServe ? SupervisorState.Healthy
                : _current.Breaker.IsOpen ? SupervisorState.Degraded
                : _state == SupervisorState.Starting ? SupervisorState.Starting
                : SupervisorState.Recovering;

            // Within a reload its end decides: committed, the slots are the new generation's.
            if (_transaction is null && _slots.Count > 0 && _slots.All(static slot => slot is { IsFinished: true, Holder: null }))
            {
                Raise(SupervisorEventKind.Notice, "all workers have ended with a code that means not to start them again");
                _stopping ??= StopAllAsync();
                return;
            }

            ArmTimer();
        }

        Pulse();
    }

    /// <summary>Slots as many as are wanted; those too many go, with their workers.</summary>
    private void Cull()
    {
        // A reload that wants more than there are has its slots already; nobody else fills them.
        var wanted = Math.Max(_desired, _transaction?.Workers ?? 0);
        while (_slots.Count < wanted)
        {
            _slots.Add(new Slot(_slots.Count, NewBackoff(_current!.Options)));
        }

        while (_slots.Count > wanted)
        {
            var slot = _slots[^1];
            _slots.RemoveAt(_slots.Count - 1);
            foreach (var worker in _workers.Where(worker => worker.Slot == slot).ToArray())
            {
                _ = StopWorkerAsync(worker, $"scaled to {_desired}");
            }
        }
    }

    private void Spawn()
    {
        if (_transaction is { HasFailed: true })
        {
            // Who holds which slot is about to be put back.
            return;
        }

        foreach (var slot in _slots.Take(_desired).Where(static slot => slot.WantsWorker))
        {
            if (Now < slot.NotBefore || !MaySpawn(_current!))
            {
                continue;
            }

            _restarts += slot.HasLost ? 1 : 0;
            slot.HasLost = false;
            try
            {
                _ = BringUpAsync(slot.Holder = StartWorker(slot, _current!));
            }
            catch (Exception exception)
            {
                OnCannotFork(slot, exception);
            }
        }
    }

    /// <summary>The settings do not do (another user, and no permission), or this process is short of something. It may be better later.</summary>
    private void OnCannotFork(Slot slot, Exception exception)
    {
        slot.NotBefore = Now + slot.Backoff.Next(TimeSpan.Zero);
        slot.Failure = new WorkerFailedException($"no worker could be started for slot {slot.Index}: {exception.Message}", null);
        Raise(SupervisorEventKind.Notice, slot.Failure.Message);
        _current!.Breaker.Fail(Now);

        // It may have been opened by others, during a reload, whose failure that was.
        if (_current is { Breaker.IsOpen: true, HasServed: false } && _transaction is null)
        {
            GiveUp(new SupervisorException($"No worker could be started: {exception.Message}", null, exception));
        }
    }

    /// <summary>
    /// With the breaker open one at a time, with pauses, and none beside one that has yet to last. With nobody left to serve, a pause is an outage: then
    /// the slots' back-offs are pause enough.
    /// </summary>
    private bool MaySpawn(Generation generation)
        => !generation.Breaker.IsOpen
            || ((Now >= generation.Breaker.NextTry || !_workers.Exists(static worker => worker.Phase is WorkerPhase.Serving or WorkerPhase.Canary))
                && !_workers.Exists(worker => worker.Generation == generation && !worker.IsWarm && IsTried(worker)));

    /// <summary>While the breaker is open: whether it has yet to show that it lasts. Those that served already are the rest, which goes on.</summary>
    private bool IsTried(SupervisedWorker worker)
        => !HasLasted(worker) && (worker.Phase == WorkerPhase.Starting || worker.Started >= worker.Generation.Breaker.OpenedAt);

    private bool HasLasted(SupervisedWorker worker) => worker.ServesSince is { } since && Now - since >= worker.Generation.Options.MinUptime;

    private static Backoff NewBackoff(SupervisorOptions options) => new(options.RestartDelay, options.MaxRestartDelay, options.MinUptime, Random.Shared);

    /// <summary>
    /// A worker that lasts, and was started since, shows that the generation is no crash loop any more; or, where none is to be started since the slot is gone, all others that do.
    /// </summary>
    private void Settle()
    {
        var breaker = _current!.Breaker;
        if (!breaker.IsOpen)
        {
            return;
        }

        var isOver = _workers.Exists(worker => worker.Generation == _current && worker.Started >= breaker.OpenedAt && HasLasted(worker))
            || (AllServe && breaker.IsQuiet(Now) && _slots.TrueForAll(slot => slot.Holder is null || (slot.Holder.Generation == _current && HasLasted(slot.Holder))));
        if (isOver && breaker.Succeed())
        {
            _slots.ForEach(static slot => slot.NotBefore = TimeSpan.Zero);
            Raise(SupervisorEventKind.BreakerChanged, $"generation {_current.Number} is no crash loop any more");
        }
    }

    private void ArmTimer()
    {
        var next = s_tick;
        foreach (var slot in _slots.Where(static slot => slot.WantsWorker))
        {
            var due = slot.NotBefore - Now;
            next = due > TimeSpan.Zero && due < next ? due : next;
        }

        _timer.Change(next, Timeout.InfiniteTimeSpan);
    }
}
