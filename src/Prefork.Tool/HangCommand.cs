using System.Diagnostics;
using System.Globalization;

namespace Prefork.Tool;

/// <summary>A shell command for a worker that hangs: to dump it before it is killed. What it writes is said as ours.</summary>
internal sealed class HangCommand(string command, string? workingDirectory, Action<string> say)
{
    private static readonly TimeSpan s_outputPatience = TimeSpan.FromSeconds(1);

    internal async Task RunAsync(WorkerProcess worker, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", command])
        {
            WorkingDirectory = workingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PREFORK_WORKER_ID"] = worker.Id.ToString(CultureInfo.InvariantCulture);
        start.Environment["PREFORK_WORKER_PID"] = worker.Process.Id?.ToString(CultureInfo.InvariantCulture);
        start.Environment["PREFORK_GENERATION"] = worker.Generation.ToString(CultureInfo.InvariantCulture);
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        process.OutputDataReceived += Say;
        process.ErrorDataReceived += Say;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            await EndAsync(process, cancellation);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"'{command}' did not end in time.");
        }

        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"'{command}' ended with code {process.ExitCode}.");
        }
    }

    /// <summary>What it has left running in the background may hold its output open for ever, and is waited for no longer than a moment.</summary>
    private static async Task EndAsync(Process process, CancellationToken cancellation)
    {
        var exited = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        process.Exited += (_, _) => exited.TrySetResult();
        process.EnableRaisingEvents = true;
        await exited.Task.WaitAsync(cancellation);
        await Task.WhenAny(process.WaitForExitAsync(cancellation), Task.Delay(s_outputPatience, cancellation));
    }

    private void Say(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is { } text)
        {
            say($"on hang: {text}");
        }
    }
}
