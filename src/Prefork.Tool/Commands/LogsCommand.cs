using System.CommandLine;
using Prefork.Tool.Control;

namespace Prefork.Tool;

/// <summary><c>prefork logs [NAME] [-f]</c>: what an application in the background has said, also one that runs no more.</summary>
internal static class LogsCommand
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(200);

    internal static Command Create()
    {
        var name = Arguments.Name();
        var json = Arguments.Json();
        var follow = new Option<bool>("--follow", "-f") { Description = "Goes on with what comes, until Ctrl+C." };
        var lines = new Option<int>("--lines", "-n") { Description = "How many of the last lines.", DefaultValueFactory = static _ => 20 };
        lines.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<int>() is < 0 or > 1_000_000)
            {
                result.AddError("--lines must be from 0 to 1,000,000.");
            }
        });
        var command = new Command("logs", "Shows what an application in the background and its workers have said.") { name, follow, lines, json };
        command.SetAction((result, cancellation) => Output.RunAsync(result.GetValue(json), () =>
            ShowAsync(result.GetValue(name), result.GetValue(lines), result.GetValue(follow), result.GetValue(json) ? static line => Output.WriteJson(LogLine.Parse(line)) : Output.Say, cancellation)));
        return command;
    }

    private static async Task<int> ShowAsync(string? name, int lines, bool follow, Action<string> show, CancellationToken cancellation)
    {
        var folder = FolderOf(ref name);
        if (LogReader.Files(folder).Count == 0)
        {
            throw new CommandException(ExitCodes.NotRunning, $"{name} has no log: it was never started in the background ('prefork start').");
        }

        using var reader = new LogReader(folder);
        var last = new Queue<string>();
        while (reader.Read() is { } line)
        {
            Keep(line);
        }

        if (!follow && reader.Rest() is { } rest)
        {
            Keep(rest);
        }

        foreach (var line in last)
        {
            show(line);
        }

        if (follow)
        {
            await FollowAsync(reader, show, cancellation);
        }

        return ExitCodes.Success;

        void Keep(string line)
        {
            last.Enqueue(line);
            if (last.Count > lines)
            {
                last.Dequeue();
            }
        }
    }

    /// <summary>Of one that runs: beside its socket; for root also another user's. Of one that does not: this user's.</summary>
    private static string FolderOf(ref string? name)
    {
        if (name is null || name.Contains('/'))
        {
            var socket = ControlClient.Resolve(name);
            name = Path.GetFileNameWithoutExtension(socket);
            return Path.Combine(Path.GetDirectoryName(socket)!, name);
        }

        return ApplicationLog.PlaceOf(ControlSocket.Check(name));
    }

    /// <summary>From where the reader is. A file has no event for "somebody has written", so it is looked at.</summary>
    private static async Task FollowAsync(LogReader reader, Action<string> show, CancellationToken cancellation)
    {
        try
        {
            while (!cancellation.IsCancellationRequested)
            {
                if (reader.Read() is { } line)
                {
                    show(line);
                }
                else
                {
                    await Task.Delay(s_look, cancellation);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Enough.
        }
    }
}
