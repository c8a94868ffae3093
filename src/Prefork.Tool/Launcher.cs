using System.Globalization;
using Prefork.Tool.Settings;

namespace Prefork.Tool;

/// <summary>What one generation is started with, by the options that were read for it; also when it is started again later.</summary>
internal sealed class Launcher(RunOptions options, bool isOnTerminal, Action<string> say)
{
    internal RunOptions Options { get; } = options;

    /// <summary>The one that <see cref="ApplyTo"/> has put there.</summary>
    internal static Launcher Of(SupervisorOptions options) => (Launcher)options.Launch!.Target!;

    internal void ApplyTo(SupervisorOptions supervisor)
    {
        Options.ApplyTo(supervisor);
        supervisor.Launch = Launch;
        supervisor.ExplainBootTimeout = worker => BootFailure.Describe(worker, Options.Inspect(), supervisor.BootTimeout.TotalSeconds.ToString(CultureInfo.InvariantCulture));
        supervisor.OnHang = Options.Given.Get(KnownSettings.OnHang) is { } command ? new HangCommand(command, Options.WorkingDirectory, say).RunAsync : null;
    }

    private void Launch(ClusterSettings settings)
    {
        var target = Options.Inspect();
        settings.Exec = target.Path;
        settings.ExecArguments = target.Kind == TargetKind.NodeScript ? ["--require", Installation.Find("node/prefork-drain.cjs")] : [];
        settings.Arguments = Options.Arguments;
        settings.WorkingDirectory = Options.WorkingDirectory;
        settings.Environment = WorkerVariables.For(target, Options.Variables, isOnTerminal);
    }
}
