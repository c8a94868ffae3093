using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Prefork.Processes;

namespace Prefork.Supervision;

internal sealed class CommandGate(string file, string[] arguments, TimeSpan timeout) : HealthGate
{
    public override async Task CheckAsync(WorkerProcess worker, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(file, arguments) { RedirectStandardInput = true };
        start.Environment["PREFORK_WORKER_ID"] = worker.Id.ToString(CultureInfo.InvariantCulture);
        start.Environment["PREFORK_WORKER_PID"] = worker.Process.Id?.ToString(CultureInfo.InvariantCulture);
        start.Environment["PREFORK_WORKER_INDEX"] = worker.Index.ToString(CultureInfo.InvariantCulture);
        start.Environment[WorkerEnvironment.Generation] = worker.Generation.ToString(CultureInfo.InvariantCulture);
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (Win32Exception exception)
        {
            throw new InvalidOperationException($"The command {file} cannot be started: {exception.Message}", exception);
        }

        using (process)
        {
            process.StandardInput.Close();
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            deadline.CancelAfter(timeout);
            try
            {
                await process.WaitForExitAsync(deadline.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                cancellationToken.ThrowIfCancellationRequested();
                throw new TimeoutException($"The command {file} did not end within {timeout.TotalSeconds:0.##} s");
            }

            if (process.ExitCode != 0)
            {
                throw new InvalidOperationException($"The command {file} ended with code {process.ExitCode}");
            }
        }
    }
}
