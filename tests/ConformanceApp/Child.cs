using System.Diagnostics;

namespace ConformanceApp;

/// <summary>A process of this program that is no worker: for tests in which a primary has one above it, or beside it.</summary>
internal sealed class Child : IDisposable
{
    private readonly Process _process;

    private Child(Process process) => _process = process;

    internal int ExitCode => _process.ExitCode;

    internal static Child Start(params string[] arguments) => new(Process.Start(new ProcessStartInfo(Scenario.Program, arguments)
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
    })!);

    internal static async Task WaitUntilGoneAsync(int pid)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(40));
        using var looks = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (Directory.Exists($"/proc/{pid}"))
        {
            await looks.WaitForNextTickAsync(timeout.Token);
        }
    }

    internal async Task<string> HearAsync()
        => await _process.StandardOutput.ReadLineAsync().WithinPatience() ?? throw new CheckFailedException("a child ended without a word");

    internal Task TellAsync(string line)
    {
        _process.StandardInput.AutoFlush = true;
        return _process.StandardInput.WriteLineAsync(line);
    }

    internal Task WaitForEndOfOutputAsync() => _process.StandardOutput.ReadToEndAsync().WithinPatience();

    internal Task WaitForExitAsync() => _process.WaitForExitAsync().WithinPatience();

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }
}
