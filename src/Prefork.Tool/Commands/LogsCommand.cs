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

    /// <summary>More than a log has, whose files are 10 MiB each: it may be another user's, and then it is whatever that user has written.</summary>
    private const long MostBytes = 256 * 1024 * 1024;
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

    private static async Task<int> ShowAsync(string? which, int lines, bool follow, Action<byte[]> show, CancellationToken cancellation)
    {
        var (name, folder, owner) = Find(which);
        if (LogReader.Files(folder).Count == 0)
        {
            throw new CommandException(ExitCodes.NotRunning, $"{name} has no log: it was never started in the background ('prefork start').");
        }

        using var reader = new LogReader(folder, owner);
        var last = new Queue<byte[]>();
        var (kept, left) = (0L, 0);
        while (reader.Read() is { } line)
        {
            Keep(line);
        }

        if (!follow && reader.Rest() is { } rest)
        {
            Keep(rest);
        }

        if (left > 0)
        {
            Output.Complain($"{left} of these lines are left out: together they have more than {MostBytes >> 20} MiB.");
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
            kept += line.Length;
            while (last.Count > lines || kept > MostBytes)
            {
                left = last.Count > lines ? left : left + 1;
                kept -= last.Dequeue().Length;
            }
        }
    }

    /// <summary>Of one that runs: beside its socket; for root also another user's, whose files count then. Of one that does not: this user's.</summary>
    private static (string Name, string Folder, uint Owner) Find(string? name)
    {
        var running = name is null || name.Contains('/') ? ControlClient.Resolve(name) : ControlClient.Own().FirstOrDefault(one => one.Name == name);
        return running is not null ? (running.FullName, running.LogFolder, running.Owner)
            : (name!, ApplicationLog.PlaceOf(ControlSocket.Check(name!)), Control.Native.EffectiveUserId);
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
