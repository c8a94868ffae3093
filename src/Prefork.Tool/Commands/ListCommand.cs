using System.CommandLine;
using Prefork.Tool.Control;
using Prefork.Tool.Memory;
using Prefork.Tool.Screens;

namespace Prefork.Tool;

/// <summary><c>prefork list</c>: this user's applications.</summary>
internal static class ListCommand
{
    internal static Command Create()
    {
        var json = Arguments.Json();
        var all = new Option<bool>("--all", "-a") { Description = "Also those that were started in the background and do not run any more, with when and why they ended." };
        var command = new Command("list", "Lists the applications that run; for root those of all users.") { all, json };
        command.SetAction((result, cancellation) => Output.RunAsync(result.GetValue(json), async () =>
        {
            var (applications, allAnswer) = await AskAsync(onlyOwn: false, cancellation);
            var ended = ApplicationMemory.Ended();
            if (result.GetValue(json))
            {
                Output.WriteJson(applications, result.GetValue(all) ? [.. ended.Select(static one => Describe(one.Application, one.End))] : []);
            }
            else
            {
                Output.Write(ListScreen.Draw(applications, Output.Width, Output.HasColors, DateTimeOffset.Now));
                if (result.GetValue(all) && ended.Count > 0)
                {
                    Output.Say("");
                    Output.Write(ListScreen.Draw(ended, Output.Width, Output.HasColors));
                }
            }

            // An end that nobody has told of yet.
            foreach (var (application, end) in ended.Where(one => ApplicationMemory.EndedUnseen(one.Application) && !result.GetValue(all)))
            {
                Output.Complain(ApplicationMemory.Tell(application, end));
            }

            return allAnswer ? ExitCodes.Success : ExitCodes.Failed;
        }));
        return command;
    }

    /// <summary>Those that answer. One that does not is named on standard error.</summary>
    /// <param name="onlyOwn">Not other users'.</param>
    /// <param name="cancellation">Ends it.</param>
    internal static async Task<(IReadOnlyList<ApplicationStatus> Applications, bool AllAnswer)> AskAsync(bool onlyOwn, CancellationToken cancellation)
    {
        var survey = await Survey.AskAsync(
            ControlClient.Own(), onlyOwn ? [] : OtherUsers.Find(), static (application, cancellation) => ControlClient.StatusAsync(application, brief: application.User is not null, cancellation), TimeProvider.System, cancellation);
        foreach (var complaint in survey.Complaints)
        {
            Output.Complain(complaint);
        }

        return (survey.Applications, survey.Complaints.Count == 0);
    }

    private static StoppedApplication Describe(RememberedApplication application, RememberedEnd end)
        => new(application.Name, application.Program, application.Folder, application.Started, application.ProcessId, ApplicationLog.NewestOf(application.Name), end);
}
