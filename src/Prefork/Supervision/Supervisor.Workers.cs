using System.Globalization;
using Prefork.Processes;

namespace Prefork.Supervision;

/// <remarks>One worker, from its fork until it serves; and whether it still does.</remarks>
internal sealed partial class Supervisor
{
    private static readonly TimeSpan s_gatePause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_noticePause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_explainPatience = TimeSpan.FromSeconds(1);

    /// <exception cref="InvalidOperationException">The supervisor stops.</exception>
    private SupervisedWorker StartWorker(Slot slot, Generation generation)
    {
        ThrowIfStopping();
        var index = slot.Index.ToString(CultureInfo.InvariantCulture);
        var process = Primary.Fork(generation.Settings, new Dictionary<string, string?>
        {
            ["PREFORK_WORKER_INDEX"] = index,
            ["NODE_APP_INSTANCE"] = index,
            [WorkerEnvironment.Generation] = generation.Number.ToString(CultureInfo.InvariantCulture),
        }, ownGroup: true, generation.Starts);
        process.Index = slot.Index;
        var options = generation.Options;
        if (options.Output is not null)
        {
            // With its output its input is ours as well. One that has left and still reads gets to the end of it, and so to its own.
            process.Disconnected += static (_, e) => e.Worker.Process.StandardInput?.Dispose();
        }

        var output = options.Output is { } write
            ? new OutputReader(
                process.Process.StandardOutput,
                process.Process.StandardError,
                options.MaxOutputLine,
                (isError, line, bytes) => write(new WorkerOutput(process, slot.Index, isError, line) { Bytes = bytes }),
                exception => Post(() => Raise(SupervisorEventKind.Notice, $"worker {process.Id} is read, but its output is not all taken: {exception.Message}")),
                options.OutputRoom)
            : null;
        var worker = new SupervisedWorker(process, generation, slot, _time.GetUtcNow(), Now, output, options.HeartbeatInterval is { } interval ? new HangWatch(interval, options.HangTimeout) : null)
        {
            RecycleFactor = RecycleRules.Factor(options.Recycling.Jitter, Random.Shared),
        };
        _workers.Add(worker);
        _ = WatchEndAsync(worker);
        _ = SayStartedAsync(worker);
        return worker;
    }

    /// <summary>When it has a pid. Throws nothing.</summary>
    private async Task SayStartedAsync(SupervisedWorker worker)
    {
        await worker.Process.Control.Started;
        Raise(SupervisorEventKind.WorkerStarted, $"{worker.Name} started", worker);
    }

    /// <summary>Into its own slot, which nobody serves from.</summary>
    private async Task BringUpAsync(SupervisedWorker worker)
    {
        try
        {
            await LaunchAsync(worker);
        }
        catch (WorkerFailedException exception)
        {
            // Said already; its end has been seen to. One that was told to leave, since its slot had another, is no failure of the slot's.
            worker.Slot.Failure = worker.StopReason is null || worker.HasFailed ? exception : worker.Slot.Failure;
            return;
        }

        if (worker.Slot.Holder == worker)
        {
            if (worker.Phase == WorkerPhase.Starting)
            {
                Enter(worker);
                Changed();
            }
        }
        else
        {
            await StopWorkerAsync(worker, "its slot has another worker");
        }
    }

    private void Enter(SupervisedWorker worker, double share = 1)
    {
        worker.Process.EnterRotation(share);
        worker.Phase = share < 1 ? WorkerPhase.Canary : WorkerPhase.Serving;
        if (worker.ServesSince is null)
        {
            worker.ServesSince = Now;
            worker.Listens = worker.Generation.Options.ReadyOn != WorkerReadiness.Online && worker.Process.State == WorkerState.Listening;
        }

        worker.Slot.Failure = null;
        worker.Generation.HasServed = true;
        Raise(SupervisorEventKind.WorkerServes, $"{worker.Name} serves{(share < 1 ? $" {share:P0} of connections" : "")}", worker);
    }

    /// <summary>Ends when the worker is ready and through its gate.</summary>
    /// <exception cref="WorkerFailedException">It is not, and has been killed if it lived.</exception>
    private async Task LaunchAsync(SupervisedWorker worker)
    {
        var options = worker.Generation.Options;
        using var boot = new CancellationTokenSource(options.BootTimeout, _time);
        try
        {
            await TellWhileAsync(worker, IsReadyAsync(worker.Process, options.ReadyOn, boot.Token), () => WhyNotReadyAsync(options, worker));
        }
        catch (OperationCanceledException)
        {
            var why = await WhyNotReadyAsync(options, worker);
            throw worker.IsOver
                ? new WorkerFailedException($"{worker.Name} ended before it was ready", worker)
                : Fail(worker, $"was not ready within {Seconds(options.BootTimeout)}: it {why}");
        }
        catch (InvalidOperationException)
        {
            throw new WorkerFailedException($"{worker.Name} ended before it was ready", worker);
        }

        if (options.HealthGate is { } gate)
        {
            var why = "it was not answered";
            await TellWhileAsync(worker, PassAsync(worker, gate, reason => why = reason), () => Task.FromResult($"has not passed its health gate: {why}"));
        }

        if (worker.IsOver)
        {
            // Its end has been seen before its readiness: nobody would clear it away again.
            throw new WorkerFailedException($"{worker.Name} ended as soon as it was ready", worker);
        }
    }

    /// <summary>A start that takes long says what it waits for. What follows from its end does so as if nobody had told of it.</summary>
    private async Task TellWhileAsync(SupervisedWorker worker, Task start, Func<Task<string>> what)
    {
        using var over = new CancellationTokenSource();
        _ = TellAsync(worker, what, over.Token);
        try
        {
            await start;
        }
        finally
        {
            over.Cancel();
        }
    }

    /// <summary>Says it after some time, and again when it is something else. Throws nothing.</summary>
    private async Task TellAsync(SupervisedWorker worker, Func<Task<string>> what, CancellationToken over)
    {
        for (string? told = null; ;)
        {
            await DelayAsync(s_noticePause, over);
            if (over.IsCancellationRequested)
            {
                return;
            }

            var now = await what();
            if (now != told && !over.IsCancellationRequested)
            {
                Raise(SupervisorEventKind.Notice, $"{worker.Name} is not ready yet: it {told = now}", worker);
            }
        }
    }

    /// <summary>The user's code, and of use for a message only: what it throws, or how long it takes, must not keep the worker from being ended.</summary>
    private async Task<string> WhyNotReadyAsync(SupervisorOptions options, SupervisedWorker worker)
    {
        var seen = Describe(worker.Process);
        if (options.ExplainNotReady is not { } explain || worker.Explanation is { IsCompleted: false })
        {
            return seen;
        }

        try
        {
            worker.Explanation = Task.Run(() => explain(worker.Process));
            return await worker.Explanation.WaitAsync(s_explainPatience, _time) ?? seen;
        }
        catch (Exception exception)
        {
            return $"{seen}, and more cannot be said: {exception.Message}";
        }
    }

    private static async Task IsReadyAsync(WorkerProcess process, WorkerReadiness readyOn, CancellationToken cancellation)
    {
        switch (readyOn)
        {
            case WorkerReadiness.Online:
                await process.WaitForOnlineAsync(cancellation);
                break;
            case WorkerReadiness.Listening:
                await process.WaitForListeningAsync(cancellation);
                break;
            case WorkerReadiness.Ready:
                await process.WaitForReadyAsync(cancellation);
                break;
            default:
                await process.WaitForListeningAsync(cancellation);
                if (process.SaysReady)
                {
                    await process.WaitForReadyAsync(cancellation);
                }

                break;
        }
    }

    private async Task PassAsync(SupervisedWorker worker, HealthGate gate, Action<string> refused)
    {
        var patience = worker.Generation.Options.HealthGateTimeout;
        using var timeout = new CancellationTokenSource(patience, _time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token);
        var why = "it was not answered";
        while (true)
        {
            try
            {
                // On the pool, and left alone when the time is up: it may be the user's code, which need not look at its token.
                var check = Task.Run(() => gate.CheckAsync(worker.Process, ended.Token), ended.Token);
                await Task.WhenAny(check.WaitAsync(timeout.Token), worker.Over);
                if (worker.IsOver)
                {
                    await ended.CancelAsync();
                }

                await check.WaitAsync(ended.Token);
                return;
            }
            catch (Exception exception)
            {
                if (exception is not OperationCanceledException)
                {
                    refused(why = exception.Message);
                }

                if (worker.IsOver)
                {
                    throw new WorkerFailedException($"{worker.Name} ended before it passed its health gate", worker);
                }

                if (timeout.IsCancellationRequested)
                {
                    throw Fail(worker, $"did not pass its health gate within {Seconds(patience)}: {why}");
                }
            }

            await Task.WhenAny(worker.Over, Task.Delay(s_gatePause, _time, timeout.Token));
        }
    }

    /// <summary>The worker lives, and is of no use.</summary>
    private WorkerFailedException Fail(SupervisedWorker worker, string why)
    {
        if (worker.StopReason is null)
        {
            worker.StopReason = why;
            worker.HasFailed = true;
            worker.Phase = WorkerPhase.Draining;
            Raise(SupervisorEventKind.WorkerFailed, $"{worker.Name} {why}", worker);
            KillWithTree(worker);
        }

        return new WorkerFailedException($"{worker.Name} {why}", worker);
    }

    private void CheckHealth()
    {
        // One that starts has its deadline already.
        foreach (var worker in _workers.Where(static worker => worker is { StopReason: null, IsOver: false, Phase: not WorkerPhase.Starting }).ToArray())
        {
            if (worker.WhyUseless is null)
            {
                ComeBack(worker);
            }
            else
            {
                worker.Phase = WorkerPhase.Draining;
                if (worker.LeftSince is null)
                {
                    worker.LeftSince = Now;
                    _ = EndLeftAsync(worker);
                }
            }
        }

        foreach (var worker in _workers.Where(static worker => worker.Phase is WorkerPhase.Serving or WorkerPhase.Canary).ToArray())
        {
            if (worker.HangWatch?.Beat(_time, () => worker.Process.PingAsync()) != true)
            {
                continue;
            }

            if (worker.Process.Process.Id is { } pid && ProcessFigures.IsTraced(pid))
            {
                worker.HangWatch.Excuse();
            }
            else
            {
                _ = EndHungAsync(worker);
            }
        }
    }

    /// <summary>It listens again, as a program does that opens its server anew. One whose slot is another's meanwhile is none of those that serve any more.</summary>
    private void ComeBack(SupervisedWorker worker)
    {
        if (worker.LeftSince is not null && worker.Slot.Holder == worker)
        {
            worker.LeftSince = null;
            worker.Phase = WorkerPhase.Serving;
            Raise(SupervisorEventKind.WorkerServes, $"{worker.Name} serves again", worker);
        }
    }

    /// <summary>Dumped first, then killed; its slot is filled when it has ended.</summary>
    private async Task EndHungAsync(SupervisedWorker worker)
    {
        var options = worker.Generation.Options;
        worker.StopReason = $"hangs: it has not answered for {Seconds(options.HangTimeout)}";
        worker.HasFailed = true;
        worker.Phase = WorkerPhase.Draining;
        worker.Process.LeaveRotation();
        _transaction?.OnFailure(worker);
        Raise(SupervisorEventKind.WorkerFailed, $"{worker.Name} {worker.StopReason}", worker);
        if (options.OnHang is { } dump)
        {
            using var timeout = new CancellationTokenSource(options.OnHangTimeout, _time);
            using var enough = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _hurry.Token);
            try
            {
                await Task.Run(() => dump(worker.Process, enough.Token), enough.Token).WaitAsync(enough.Token);
            }
            catch (Exception exception)
            {
                Raise(SupervisorEventKind.Notice, $"{worker.Name} could not be dumped: {exception.Message}", worker);
            }
        }

        KillWithTree(worker);
    }

    private static string Describe(WorkerProcess worker) => worker switch
    {
        { ListenFailure: { } failure } => failure.Message,
        { State: WorkerState.Forked } => "runs, but is not online as a worker",
        { WaitsFor: { } reason } => $"waits for {reason}",
        { State: WorkerState.Online } => "is online, but does not listen",
        { State: WorkerState.Listening } => "listens, but has not said that it is ready",
        _ => $"is {worker.State}",
    };

    private static string Seconds(TimeSpan time) => $"{time.TotalSeconds.ToString("0.##", CultureInfo.InvariantCulture)} s";
}
