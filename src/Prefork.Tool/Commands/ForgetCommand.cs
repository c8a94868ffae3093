using System.CommandLine;
using Prefork.Tool.Control;
using Prefork.Tool.Memory;

namespace Prefork.Tool;

/// <summary><c>prefork forget NAME</c>: an application that has stopped is remembered no longer.</summary>
internal static class ForgetCommand
{
    internal static Command Create()
    {
        var name = new Argument<string>("name") { Description = "Which application." };
        var json = Arguments.Json();
        var command = new Command("forget", "Removes an application that has stopped from those that 'list --all' shows and 'start NAME' starts. Its log stays.") { name, json };
        command.SetAction((result, _) => Output.RunAsync(result.GetValue(json), () => Task.FromResult(Forget(ControlSocket.Check(result.GetRequiredValue(name)), result.GetValue(json)))));
        return command;
    }

    private static int Forget(string name, bool json)
    {
        if (ControlSocket.IsTakenAnywhere(name))
        {
            throw new CommandException(ExitCodes.Busy, $"{name} runs. Stop it first: 'prefork stop {name}'.");
        }

        if (!ApplicationMemory.Forget(name))
        {
            throw new CommandException(ExitCodes.NotRunning, $"no application named {name} is remembered. 'prefork list --all' shows those that are.");
        }

        var reply = new ControlReply { ExitCode = ExitCodes.Success, Message = $"{name} is forgotten" };
        if (json)
        {
            Output.WriteJson(reply);
        }
        else
        {
            Output.Say(reply.Message);
        }

        return ExitCodes.Success;
    }
}
