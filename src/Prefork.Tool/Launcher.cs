using Prefork.Tool.Settings;

namespace Prefork.Tool;

/// <summary>What one generation is started with, by the options that were read for it; also when it is started again later.</summary>
/// <param name="options">What was read.</param>
/// <param name="isOnTerminal">Whether what workers write is seen on a terminal.</param>
/// <param name="hasInput">Whether the program, run by itself from here, would find a terminal to read from.</param>
/// <param name="say">Says something for the command.</param>
internal sealed class Launcher(RunOptions options, bool isOnTerminal, bool hasInput, Action<string> say)
{
    internal RunOptions Options { get; } = options;

    /// <summary>The one that <see cref="ApplyTo"/> has put there.</summary>
    internal static Launcher Of(SupervisorOptions options) => (Launcher)options.Launch!.Target!;

    internal void ApplyTo(SupervisorOptions supervisor)
    {
        Options.ApplyTo(supervisor);
        supervisor.Launch = Launch;
        supervisor.ExplainNotReady = worker => BootFailure.Describe(worker, Options.Inspect().Kind, supervisor.ReadyOn);
        supervisor.OnHang = Options.Given.Get(KnownSettings.OnHang) is { } command ? new HangCommand(command, Options.WorkingDirectory, say).RunAsync : null;
    }

    private void Launch(ClusterSettings settings)
    {
        var target = Options.Inspect();
        settings.Exec = target.Path;
        settings.ExecArguments = target.Kind == TargetKind.NodeScript ? ["--require", Installation.Find("node/prefork-drain.cjs")] : [];
        settings.Arguments = Options.Arguments;
        settings.WorkingDirectory = Options.WorkingDirectory;

        // On a terminal where nobody types: a program that ends when somebody presses Enter goes on. /dev/null would end it at once.
        settings.Stdio = [hasInput ? Stdio.Pipe : Stdio.Ignore, Stdio.Pipe, Stdio.Pipe, Stdio.Channel];
        settings.Environment = WorkerVariables.For(target, Options.Variables, isOnTerminal);
    }
}
