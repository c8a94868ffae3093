using System.CommandLine;
using System.Globalization;
using System.Text;
using Prefork.Tool.Control;

namespace Prefork.Tool;

/// <summary><c>prefork logs [NAME] [-f]</c>: what an application in the background has said, also one that runs no more.</summary>
internal static class LogsCommand
{
    private const int MostLines = 1_000_000;
    private const int UsualLines = 20;
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(200);

    internal static Command Create()
    {
        var name = Arguments.Name();
        var json = Arguments.Json();
        var follow = new Option<bool>("--follow", "-f") { Description = "Goes on with what comes, until Ctrl+C." };
        var lines = Arguments.Value("--lines", $"How many of the last lines, to {MostLines}. [default: {UsualLines}]", "N", Lines, "-n");
        var raw = new Option<bool>("--raw") { Description = "Writes the bytes as they came. Without it, what a terminal would act on is spelled out (\\x1b)." };
        var command = new Command("logs", "Shows what an application in the background and its workers have said.") { name, follow, lines, raw, json };
        command.Validators.Add(result =>
        {
            if (result.GetValue(raw) && result.GetValue(json))
            {
                result.AddError("--raw and --json exclude each other. Leave one of them out.");
            }
        });
        command.SetAction((result, cancellation) => Output.RunAsync(result.GetValue(json), () =>
            ShowAsync(result.GetValue(name), result.GetValue(lines) ?? UsualLines, result.GetValue(follow), Shower(result.GetValue(json), result.GetValue(raw)), cancellation)));
        return command;
    }

    private static int? Lines(string text)
        => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var lines) && lines <= MostLines ? lines : throw new FormatException($"'{text}' is no number of lines: give 0 to {MostLines}.");

    private static Action<byte[]> Shower(bool json, bool raw)
        => json ? static line => Output.WriteJson(LogLine.Parse(Encoding.UTF8.GetString(line)))
            : raw ? static line => StandardStream.Output.Write([.. line, (byte)'\n'])
            : static line => Output.Say(Encoding.UTF8.GetString(line));

    private static async Task<int> ShowAsync(string? name, int lines, bool follow, Action<byte[]> show, CancellationToken cancellation)
    {
        var folder = FolderOf(ref name);
        if (LogReader.Files(folder).Count == 0)
        {
            throw new CommandException(ExitCodes.NotRunning, $"{name} has no log: it was never started in the background ('prefork start').");
        }

        using var reader = new LogReader(folder);
        var last = new Queue<byte[]>();
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

        void Keep(byte[] line)
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
    private static async Task FollowAsync(LogReader reader, Action<byte[]> show, CancellationToken cancellation)
    {
        try
        {
            while (!cancellation.IsCancellationRequested && !StandardStream.Output.HasNoReader)
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
