using System.CommandLine;
using Prefork.Tool.Control;
using Prefork.Tool.Screens;

namespace Prefork.Tool;

/// <summary><c>prefork describe [NAME]</c>: all there is to know of one application, and why its workers ended.</summary>
internal static class DescribeCommand
{
    internal static Command Create()
    {
        var name = Arguments.Name();
        var json = Arguments.Json();
        var command = new Command("describe", "Tells all of one application: its workers, and why those before them ended.") { name, json };
        command.SetAction((result, cancellation) => Output.RunAsync(result.GetValue(json), async () =>
        {
            var application = await ControlClient.StatusAsync(ControlClient.Resolve(result.GetValue(name)), brief: false, cancellation);
            if (result.GetValue(json))
            {
                Output.WriteJson([application]);
            }
            else
            {
                Output.Write(DescribeScreen.Draw(application, Output.Width, Output.HasColors, DateTimeOffset.Now));
            }

            return ExitCodes.Success;
        }));
        return command;
    }
}
