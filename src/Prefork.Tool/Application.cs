using Prefork.Supervision;
using Prefork.Tool.Control;

namespace Prefork.Tool;

/// <summary>A running application as others may ask of it: what each request does.</summary>
/// <param name="name">Its name.</param>
/// <param name="supervisor">Who does it.</param>
/// <param name="started">Ends when all workers serve, or do not.</param>
/// <param name="ended">Ends when all have ended.</param>
/// <param name="runner">Says what happens.</param>
internal sealed class Application(string name, ClusterSupervisor supervisor, Task started, Task ended, Runner runner)
{
    private const int MostAddresses = 100;
    private const int MostWorkers = 1024;

    /// <summary>Of a worker that failed.</summary>
    private const int ShownLines = 20;

    /// <summary>Which request something happens for: an operation raises its events in the flow of whoever asked for it.</summary>
    private static readonly AsyncLocal<object?> s_request = new();

    private readonly Lock _stopLock = new();
    private int _stopCalls;
    private readonly TaskCompletionSource _isAsked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isToldToStop;

    /// <summary>Ends when <c>prefork start</c> has asked how the start went.</summary>
    internal Task IsAsked => _isAsked.Task;

    /// <summary>Whether a command has said so.</summary>
    internal bool IsToldToStop => _isToldToStop;

    internal async Task<ControlReply> HandleAsync(ControlRequest request, Func<ControlReply, Task> tell)
    {
        switch (request.Command)
        {
            case "status":
                return new ControlReply { ExitCode = ExitCodes.Success, Status = await StatusAsync(request.Brief) };
            case "started":
                return await StartedAsync(tell);
            case "stop":
                await TellWhileAsync(tell, () => StopAsync("is told to stop", calls: 1));
                return new ControlReply { ExitCode = ExitCodes.Success, Message = $"{name} has stopped" };
            case "hasten":
                await TellWhileAsync(tell, () => StopAsync("is told to stop, and not to drain any longer", calls: 2));
                return new ControlReply { ExitCode = ExitCodes.Success, Message = $"{name} has stopped" };
            case "kill":
                await TellWhileAsync(tell, () => StopAsync("is told to stop at once", calls: 3));
                return new ControlReply { ExitCode = ExitCodes.Success, Message = $"{name} has been killed" };
            case "scale":
                return await ScaleAsync(tell, request);
            case "reload":
                return await ReplaceAsync(tell, request, supervisor.ReloadAsync);
            case "restart":
                return await ReplaceAsync(tell, request, supervisor.RestartAsync);
            case "rollback":
                return await ReplaceAsync(tell, request, supervisor.RollBackAsync);
            default:
                return new ControlReply { ExitCode = ExitCodes.Usage, Message = $"'{request.Command}' is nothing that this version of prefork does." };
        }
    }

    private async Task<ControlReply> StartedAsync(Func<ControlReply, Task> tell)
    {
        _isAsked.TrySetResult();
        try
        {
            await TellWhileAsync(tell, () => started);
        }
        catch (SupervisorException exception)
        {
            return Failed(exception.Message, exception.Failure);
        }

        return new ControlReply { ExitCode = ExitCodes.Success, Status = await StatusAsync(brief: false) };
    }

    /// <summary>With what the worker that failed wrote, from the line on that says why.</summary>
    private static ControlReply Failed(string message, WorkerEnding? failure)
        => new() { ExitCode = ExitCodes.Failed, Message = message, LastLines = failure is null ? null : LastWords.Tail(failure.LastLines, ShownLines) };

    private async Task<ApplicationStatus> StatusAsync(bool brief)
    {
        var cluster = await supervisor.GetStatusAsync();
        var addresses = cluster.Workers.SelectMany(static worker => worker.Listeners).Select(Addresses.Describe).Distinct().Take(MostAddresses);
        return new ApplicationStatus(name, Environment.ProcessId, runner.Log, await runner.CompareAsync(await supervisor.GetOptionsAsync()), brief ? Shorten(cluster) : cluster, [.. addresses]);
    }

    private static SupervisorStatus Shorten(SupervisorStatus cluster) => cluster with { Endings = [.. cluster.Endings.Select(static ending => ending with { LastLines = [] })] };

    private static ReloadOptions OptionsOf(ControlRequest request) => new()
    {
        Mode = request.Mode,
        CanaryTime = TimeSpan.FromSeconds(request.CanarySeconds),
        CanaryShare = request.CanaryShare,
        WatchWindow = request.WatchSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        Queue = request.Queue,
    };

    /// <summary>
    /// Of the supervisor's calls to stop the first one begins it, the second one hastens it, the third one kills. Here nobody hastens who did not say so: of
    /// the calls that a request stands for, those are made that nobody has made before.
    /// </summary>
    private async Task StopAsync(string said, int calls)
    {
        // A signal may have made the first.
        var stops = (await supervisor.GetStatusAsync()).State == SupervisorState.Stopping;
        _isToldToStop |= !stops;
        runner.Say(said, SupervisorEventKind.OperationBegan);
        lock (_stopLock)
        {
            for (_stopCalls = Math.Max(_stopCalls, stops ? 1 : 0); _stopCalls < calls; _stopCalls++)
            {
                _ = supervisor.StopAsync();
            }
        }

        await ended;
    }

    private async Task<ControlReply> ScaleAsync(Func<ControlReply, Task> tell, ControlRequest request)
    {
        var serve = "";
        try
        {
            // Behind a reload, or another that adds one, it adds to what there is then.
            await TellWhileAsync(tell, async () => serve = await supervisor.ScaleByAsync(before => Desired(request, before)));
        }
        catch (SupervisorException exception)
        {
            return Failed(exception.Message, exception.Failure);
        }

        return new ControlReply { ExitCode = ExitCodes.Success, Message = serve };
    }

    /// <exception cref="ArgumentException">There cannot be so many.</exception>
    private int Desired(ControlRequest request, int before)
    {
        var workers = request.IsDifference ? before + request.Workers : request.Workers;
        return workers is >= 1 and <= MostWorkers
            ? workers
            : throw new ArgumentException(
                $"{(request.IsDifference ? $"{name} has {before} workers, and {request.Workers:+#;-#} would make that {workers}" : $"{name} cannot have {workers} workers")}: it must have 1 to {MostWorkers} workers");
    }

    private async Task<ControlReply> ReplaceAsync(Func<ControlReply, Task> tell, ControlRequest request, Func<ReloadOptions, Task<ReloadResult>> replace)
    {
        ReloadResult? result = null;
        try
        {
            await TellWhileAsync(tell, async () => result = await replace(OptionsOf(request)));
        }
        catch (OperationUnderWayException exception)
        {
            return new ControlReply { ExitCode = ExitCodes.Busy, Message = $"{exception.Message} 'prefork {request.Command} {name} --queue' does so." };
        }

        return result!.Succeeded ? new ControlReply { ExitCode = ExitCodes.Success, Message = result.Message } : Failed(result.Message, result.Failure) with { ExitCode = ExitCodeOf(result) };
    }

    /// <summary>Of one that failed.</summary>
    private static int ExitCodeOf(ReloadResult result) => result.Refusal switch
    {
        CommandException refusal => refusal.ExitCode,
        UnusableProgramException => ExitCodes.Usage,
        _ => ExitCodes.Failed,
    };

    /// <summary>What is said meanwhile is told in order; somebody who does not listen any more stops nothing.</summary>
    private async Task TellWhileAsync(Func<ControlReply, Task> tell, Func<Task> operate)
    {
        var telling = Task.CompletedTask;
        var gate = new Lock();
        var request = new object();
        void Tell(string line, SupervisorEventKind? kind)
        {
            var isOwn = s_request.Value == request;
            if (isOwn && kind == SupervisorEventKind.OperationEnded)
            {
                // How it ended is the answer.
                return;
            }

            lock (gate)
            {
                telling = TellNextAsync(telling, new ControlReply { Event = line, HasBegun = isOwn && kind == SupervisorEventKind.OperationBegan ? true : null });
            }
        }

        async Task TellNextAsync(Task before, ControlReply message)
        {
            await before;
            try
            {
                await tell(message);
            }
            catch (Exception)
            {
                // It has gone.
            }
        }

        runner.Said += Tell;
        s_request.Value = request;
        try
        {
            await operate();
        }
        finally
        {
            runner.Said -= Tell;

            // Before the answer, also when that is why it failed: there is one connection for both.
            await telling;
            await runner.WrittenAsync();
        }
    }
}
