using Prefork.Tool.Control;

namespace Prefork.Tool;

/// <summary>A running application as others may ask of it: what each request does.</summary>
internal sealed class Application(string name, string? log, ClusterSupervisor supervisor, Task started, Runner runner)
{
    internal async Task<ControlReply> HandleAsync(ControlRequest request, Func<string, Task> tell)
    {
        switch (request.Command)
        {
            case "status":
                return new ControlReply { ExitCode = ExitCodes.Success, Status = await StatusAsync() };
            case "started":
                await TellWhileAsync(tell, started);
                return new ControlReply { ExitCode = ExitCodes.Success, Status = await StatusAsync() };
            case "stop":
                runner.Say("is told to stop");
                await TellWhileAsync(tell, supervisor.StopAsync());
                return new ControlReply { ExitCode = ExitCodes.Success, Message = $"{name} has stopped" };
            case "kill":
                runner.Say("is told to stop");
                _ = supervisor.StopAsync();
                _ = supervisor.StopAsync();
                await TellWhileAsync(tell, supervisor.StopAsync());
                return new ControlReply { ExitCode = ExitCodes.Success, Message = $"{name} has been killed" };
            case "scale":
                var workers = request.IsDifference ? (await supervisor.GetStatusAsync()).DesiredWorkers + request.Workers : request.Workers;
                await TellWhileAsync(tell, supervisor.ScaleAsync(workers));
                return new ControlReply { ExitCode = ExitCodes.Success, Message = $"{workers} {(workers == 1 ? "worker serves" : "workers serve")}" };
            case "reload":
                return await ReplaceAsync(tell, supervisor.ReloadAsync(OptionsOf(request)));
            case "restart":
                return await ReplaceAsync(tell, supervisor.RestartAsync(OptionsOf(request)));
            case "rollback":
                return await ReplaceAsync(tell, supervisor.RollBackAsync(OptionsOf(request)));
            default:
                return new ControlReply { ExitCode = ExitCodes.Usage, Message = $"'{request.Command}' is nothing that this version of prefork does." };
        }
    }

    private async Task<ApplicationStatus> StatusAsync()
        => new(name, Environment.ProcessId, log, runner.Compare(await supervisor.GetOptionsAsync()), await supervisor.GetStatusAsync());

    private static ReloadOptions OptionsOf(ControlRequest request) => new()
    {
        Mode = request.Mode,
        CanaryTime = TimeSpan.FromSeconds(request.CanarySeconds),
        CanaryShare = request.CanaryShare,
        WatchWindow = request.WatchSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        Queue = request.Queue,
    };

    private async Task<ControlReply> ReplaceAsync(Func<string, Task> tell, Task<ReloadResult> replacing)
    {
        await TellWhileAsync(tell, replacing);
        var result = await replacing;
        return new ControlReply { ExitCode = result.Succeeded ? ExitCodes.Success : ExitCodes.Failed, Message = result.Message, LastLines = result.Failure?.LastLines };
    }

    /// <summary>What is said meanwhile is told in order; somebody who does not listen any more stops nothing.</summary>
    private async Task TellWhileAsync(Func<string, Task> tell, Task operation)
    {
        var telling = Task.CompletedTask;
        var gate = new Lock();
        void Tell(string line)
        {
            lock (gate)
            {
                telling = TellNextAsync(telling, line);
            }
        }

        async Task TellNextAsync(Task before, string message)
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
        try
        {
            await operation;
        }
        finally
        {
            runner.Said -= Tell;
        }

        await telling;
    }
}
