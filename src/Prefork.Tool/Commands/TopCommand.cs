using System.CommandLine;
using Prefork.Tool.Control;
using Prefork.Tool.Screens;

namespace Prefork.Tool;

/// <summary><c>prefork top [NAME]</c>: the workers as they are, once a second; once only where there is no terminal, unless it is JSON.</summary>
internal static class TopCommand
{
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    internal static Command Create()
    {
        var name = Arguments.Name();
        var json = Arguments.Json();
        var command = new Command("top", "Shows applications and their workers live, until 'q' or Ctrl+C.") { name, json };
        command.SetAction((result, cancellation) => Output.RunAsync(result.GetValue(json), () => ShowAsync(result.GetValue(name), result.GetValue(json), cancellation)));
        return command;
    }

    private static async Task<int> ShowAsync(string? name, bool json, CancellationToken cancellation)
    {
        var one = name is null ? null : ControlClient.Resolve(name);
        try
        {
            if (json)
            {
                await WriteAsync(one, cancellation);
            }
            else if (Console.IsOutputRedirected)
            {
                var once = new TopScreen();
                once.Update(await AskAsync(one, cancellation), DateTimeOffset.Now);
                Output.Write(once.DrawAll(Output.Width));
            }
            else
            {
                await DrawAsync(one, cancellation);
            }
        }
        catch (OperationCanceledException)
        {
            // Ctrl+C is how it ends.
        }

        return ExitCodes.Success;
    }

    private static async Task WriteAsync(RunningApplication? one, CancellationToken cancellation)
    {
        while (!StandardStream.Output.HasNoReader)
        {
            Output.WriteJson(new Tick(DateTimeOffset.Now, await AskAsync(one, cancellation)));
            await Task.Delay(s_second, cancellation);
        }
    }

    private static async Task DrawAsync(RunningApplication? one, CancellationToken cancellation)
    {
        var top = new TopScreen();

        // An application that is not there is said where it can be read.
        top.Update(await AskAsync(one, cancellation), DateTimeOffset.Now);
        using var screen = new AlternateScreen();
        while (true)
        {
            using var next = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            next.CancelAfter(s_second);
            if (await DrawUntilAsync(top, screen, next.Token))
            {
                return;
            }

            cancellation.ThrowIfCancellationRequested();
            top.Update(await AskAsync(one, cancellation), DateTimeOffset.Now);
        }
    }

    /// <summary>Does what keys say, till the time is over; true when it is to end.</summary>
    private static async Task<bool> DrawUntilAsync(TopScreen top, AlternateScreen screen, CancellationToken over)
    {
        try
        {
            while (true)
            {
                var (width, height) = StandardStream.Output.Size;
                screen.Draw(top.Draw(width, height, Output.HasColors));
                if (await screen.Events.ReadAsync(over) is { } key && top.OnKey(key))
                {
                    return true;
                }
            }
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static async Task<IReadOnlyList<ApplicationStatus>> AskAsync(RunningApplication? one, CancellationToken cancellation)
        => one is null ? (await ListCommand.AskAsync(onlyOwn: false, cancellation)).Applications : [await ControlClient.StatusAsync(one, brief: one.User is not null, cancellation)];
}
