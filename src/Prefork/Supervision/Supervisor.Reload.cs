namespace Prefork.Supervision;

/// <remarks>
/// A reload is a transaction over generations. Until it is committed, old workers that were relieved stay as they are, out of rotation and with the connections
/// they have: to undo it they enter again. Nothing of the old generation is told to leave before the new one has proved itself (but in
/// <see cref="ReloadMode.WithinCount"/>, which has to make room).
/// </remarks>
internal sealed partial class Supervisor
{
    private const string Rollback = "rollback";

    private readonly List<Task> _draining = [];

    /// <summary>Of the next generation, while it is read.</summary>
    private Reading? _reading;

    private ReloadTransaction? _transaction;

    /// <summary>The same, and still while it is undone.</summary>
    private ReloadTransaction? _underWay;

    internal Task<ReloadResult> ReloadAsync(ReloadOptions options)
        => ReplaceGenerationAsync("reload", options, async reading =>
        {
            var next = _current!.Options.Clone();
            await reading.CallAsync(
                () =>
                {
                    next.Reconfigure?.Invoke(next);
                    next.Validate();
                    return next;
                },
                next.BootTimeout);
            return await ReadGenerationAsync(reading, next, WorkersWith(next));
        });

    internal Task<ReloadResult> RestartAsync(ReloadOptions options)
        => ReplaceGenerationAsync("restart", options, _ => Task.FromResult(new Generation(++_lastGeneration, _current!.Settings, _current.Options, _current.Starts)));

    internal async Task<ReloadResult> RollBackAsync(ReloadOptions options)
    {
        if (_underWay is { } transaction && _operation != Rollback)
        {
            return await CallOffAsync(transaction, _operation!);
        }

        if (_reading is { } reading && _operation is { } operation && operation != Rollback)
        {
            // It has changed nothing yet.
            reading.CallOff("it was called off.");
            await UntilAsync(() => _reading != reading);
            return new ReloadResult(AllServe && !IsStopping, _current!.Number, $"the {operation} was called off. {WhoServes()}", null, TimeSpan.Zero);
        }

        // Beside another rollback it is refused: whoever asks for a thing twice does not want it called off.
        return await ReplaceGenerationAsync(Rollback, options, _ => _previous.Count > 0
            ? Task.FromResult(_previous.Peek())
            : throw new InvalidOperationException("There is no generation to go back to: this is the first, or those before it are forgotten."));
    }

    private async Task<ReloadResult> ReplaceGenerationAsync(string name, ReloadOptions options, Func<Reading, Task<Generation>> read)
    {
        options.Validate();
        await TakeTurnAsync(() => name, options.Queue);
        var began = Now;
        var from = _current!.Number;
        ReloadTransaction? transaction = null;
        try
        {
            ReloadResult result;
            Generation next;
            RecycleRules rules;
            try
            {
                (next, rules) = await ReadAsync(read);
            }
            catch (Exception exception)
            {
                result = new ReloadResult(false, from, $"{name} failed: {exception.Message} {WhoServes()}", null, Now - began) { Refusal = exception };
                Raise(SupervisorEventKind.OperationEnded, result.Message);
                return result;
            }

            transaction = _underWay = _transaction = new ReloadTransaction(next, WorkersWith(next.Options));
            Changed();
            try
            {
                await transaction.GuardAsync(RecycledAsync());
                await ReplaceAllAsync(transaction, options);
                await transaction.GuardAsync(LookAtPathsAsync(transaction.Next));
                Commit(transaction, name, rules);
                result = new ReloadResult(true, next.Number, $"{name} to generation {next.Number} succeeded: {_desired} {(_desired == 1 ? "worker serves" : "workers serve")}", null, Now - began);
            }
            catch (Exception exception)
            {
                // Whatever it is: a reload is never left half done.
                var failure = exception as WorkerFailedException ?? new WorkerFailedException($"{exception.GetType().Name}: {exception.Message.TrimEnd('.')}", null);
                var ending = await UndoAsync(transaction, failure);
                result = new ReloadResult(false, from, $"{name} to generation {next.Number} failed: {Explain(failure, ending)}. {WhoServes()}", ending, Now - began);
            }

            Raise(SupervisorEventKind.OperationEnded, result.Message);
            return result;
        }
        finally
        {
            _underWay = _transaction = null;
            transaction?.SetOver(AllServe && !IsStopping, WhoServes());
            End();
        }
    }

    /// <summary>Changes nothing: a rollback and a stop do not wait for it, and what is read when they have called it off is dropped.</summary>
    private async Task<(Generation Next, RecycleRules Rules)> ReadAsync(Func<Reading, Task<Generation>> read)
    {
        var reading = _reading = new Reading(_reads!);
        try
        {
            var next = await read(reading);
            var rules = await reading.CallAsync(() => new RecycleRules(next.Options.Recycling, _time), next.Options.BootTimeout);
            ThrowIfStopping();
            return (next, rules);
        }
        finally
        {
            _reading = null;
        }
    }

    /// <summary>How many workers there are to be with these options: what has been scaled stays so, till the options say something else than they did.</summary>
    private int WorkersWith(SupervisorOptions next) => next.Workers == _current!.Options.Workers ? _desired : next.Workers;

    private async Task ReplaceAllAsync(ReloadTransaction transaction, ReloadOptions options)
    {
        await transaction.GuardAsync(MakeRoomForDrainingAsync(transaction.Next.Options.MaxDrainingGenerations));
        if (options.CanaryTime > TimeSpan.Zero)
        {
            await ServeCanaryAsync(transaction, options);
        }

        switch (options.Mode)
        {
            case ReloadMode.AllAtOnce:
                await ReplaceAtOnceAsync(transaction);
                break;
            default:
                foreach (var slot in _slots.Take(transaction.Workers).ToArray())
                {
                    await ReplaceAsync(transaction, slot, options.Mode);
                }

                break;
        }

        foreach (var slot in _slots.Skip(transaction.Workers))
        {
            Vacate(transaction, slot);
        }

        await transaction.GuardAsync(DelayAsync(options.WatchWindow ?? transaction.Next.Options.WatchWindow, transaction.Watch));
        if (transaction.Brought.FirstOrDefault(static worker => worker is { StopReason: null, IsOver: false } && worker.WhyUseless is not null) is { } leaving)
        {
            // It serves those that it has to the end, and has until its deadline for it.
            var why = $"{leaving.WhyUseless} while the new generation was watched";
            _ = StopWorkerAsync(leaving, why);
            throw new WorkerFailedException($"{leaving.Name} {why}", leaving);
        }
    }

    /// <summary>Each new worker may have removed the path that it listens on, as a program does that begins with a path of its own.</summary>
    /// <exception cref="WorkerFailedException">Nobody would find one of the listeners.</exception>
    private async Task LookAtPathsAsync(Generation generation)
    {
        try
        {
            // Those of other workers may be other people's meanwhile, or on a file system that does not answer: not this generation's failure.
            int[] workers = [.. _workers.Where(worker => worker.Generation == generation).Select(static worker => worker.Process.Id)];
            await Primary.LookAtPathsAsync(workers, generation.Settings.FileSystemTimeout);
        }
        catch (IOException exception)
        {
            throw new WorkerFailedException(exception.Message.TrimEnd('.'), null);
        }
    }

    private async Task MakeRoomForDrainingAsync(int most)
    {
        while (true)
        {
            _draining.RemoveAll(static generation => generation.IsCompleted);
            if (_draining.Count < most)
            {
                return;
            }

            await Task.WhenAny(_draining);
        }
    }

    /// <summary>One new worker serves beside all the old ones.</summary>
    private async Task ServeCanaryAsync(ReloadTransaction transaction, ReloadOptions options)
    {
        var canary = await BringAsync(transaction, _slots[0]);
        Enter(canary, options.CanaryShare);
        canary.Phase = WorkerPhase.Canary;
        Changed();
        await transaction.GuardAsync(DelayAsync(options.CanaryTime, transaction.Watch));
        Relieve(transaction, _slots[0], canary);
    }

    private async Task ReplaceAtOnceAsync(ReloadTransaction transaction)
    {
        var slots = _slots.Take(transaction.Workers).Where(slot => slot.Holder?.Generation != transaction.Next).ToArray();
        var coming = slots.Select(slot => BringAsync(transaction, slot)).ToArray();
        await transaction.GuardAsync(Task.WhenAll(coming));
        foreach (var (slot, fresh) in slots.Zip(coming))
        {
            Relieve(transaction, slot, await fresh);
        }
    }

    private async Task ReplaceAsync(ReloadTransaction transaction, Slot slot, ReloadMode mode)
    {
        if (slot.Holder?.Generation == transaction.Next)
        {
            return;
        }

        if (mode == ReloadMode.WithinCount && slot.Holder is { } old)
        {
            slot.IsReserved = true;
            await transaction.GuardAsync(StopWorkerAsync(old, Reason(transaction)));
        }

        Relieve(transaction, slot, await BringAsync(transaction, slot));
        slot.IsReserved = false;
    }

    /// <summary>A worker of the new generation, ready and through its gate, out of rotation; one that waits for just this, if there is.</summary>
    private async Task<SupervisedWorker> BringAsync(ReloadTransaction transaction, Slot slot)
    {
        if (_workers.Find(worker => worker.IsWarm && worker.Generation == transaction.Next && worker.Slot == slot && worker.Phase == WorkerPhase.Parked) is { } warm)
        {
            warm.IsWarm = false;
            transaction.Brought.Add(warm);
            return warm;
        }

        SupervisedWorker fresh;
        try
        {
            fresh = StartWorker(slot, transaction.Next);
            transaction.Brought.Add(fresh);
        }
        catch (Exception exception)
        {
            // Others that start beside it need not come to their end first.
            transaction.Fail($"a worker could not be started: {exception.Message}", null);
            throw new WorkerFailedException($"a worker could not be started: {exception.Message}", null);
        }

        await transaction.GuardAsync(LaunchAsync(fresh));
        return fresh;
    }

    /// <summary>The new one in, then the old one out.</summary>
    private void Relieve(ReloadTransaction transaction, Slot slot, SupervisedWorker fresh)
    {
        var old = slot.Holder;
        slot.Holder = fresh;
        Enter(fresh);
        Park(transaction, old);
        Changed();
    }

    /// <summary>The new generation has fewer workers: nobody comes into this one.</summary>
    private void Vacate(ReloadTransaction transaction, Slot slot)
    {
        slot.IsReserved = true;
        Park(transaction, slot.Holder);
        slot.Holder = null;
    }

    private void Park(ReloadTransaction transaction, SupervisedWorker? old)
    {
        switch (old)
        {
            case { Phase: WorkerPhase.Serving }:
                old.Process.LeaveRotation();
                old.Phase = WorkerPhase.Parked;
                transaction.Parked.Add(old);
                break;
            case { IsOver: false }:
                _ = StopWorkerAsync(old, Reason(transaction));
                break;
        }
    }

    private void Commit(ReloadTransaction transaction, string name, RecycleRules rules)
    {
        var old = _current!;
        _current = transaction.Next;
        _recycleRules = rules;
        _desired = transaction.Workers;
        foreach (var slot in _slots)
        {
            slot.Backoff = NewBackoff(_current.Options);
            slot.IsFinished = false;
        }

        if (_previous.Count > 0 && _previous.Peek() == _current)
        {
            _previous.Pop();
        }
        else if (!ReferenceEquals(old.Settings, _current.Settings))
        {
            // A restart takes its generation's place: to go back to that would be no change.
            _previous.Push(old);
        }

        ForgetOldest();
        // Those that are kept warm have nothing to drain, and may be wanted still.
        _draining.Add(Task.WhenAll(_workers.Where(worker => worker.Generation != _current && worker is { IsOver: false, IsWarm: false }).ToArray()
            .Select(worker => StopWorkerAsync(worker, $"{name} to generation {_current.Number}"))));
    }

    private void ForgetOldest()
    {
        if (_previous.Count > RememberedGenerations)
        {
            var kept = _previous.Take(RememberedGenerations).Reverse().ToArray();
            _previous.Clear();
            foreach (var generation in kept)
            {
                _previous.Push(generation);
            }
        }
    }

    private static string Reason(ReloadTransaction transaction) => $"replaced by generation {transaction.Next.Number}";
}
