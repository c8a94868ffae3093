namespace Prefork.IntegrationTests;

/// <summary>
/// System calls of a running process that fail as if the kernel said so, until this is disposed: strace(1) with its fault injection.
/// For errors of the whole system, such as ENFILE, which no test may cause.
/// </summary>
internal sealed class FailingCalls : IAsyncDisposable
{
    private readonly TestProgram _strace;

    private FailingCalls(TestProgram strace) => _strace = strace;

    /// <param name="calls">Names, with commas.</param>
    /// <param name="threads">
    /// What the names of the threads begin with that are concerned. Null: the whole process, with all that it starts meanwhile.
    /// That slows it down, for a thread that is traced stops at every call.
    /// </param>
    internal static async Task<FailingCalls> StartAsync(int pid, string calls, string error, string? threads)
    {
        var tasks = threads is null ? [$"{pid}"] : Threads(pid, threads);
        var strace = new TestProgram(
            "bash", ["-c", $"exec strace {(threads is null ? "-f" : "")} -o /dev/stdout -e signal=none -e trace={calls} -e inject={calls}:error={error} -p {string.Join(',', tasks)} 2>&1"]);
        foreach (var _ in tasks)
        {
            var line = await strace.ExpectAsync(static line => line.Contains("strace:", StringComparison.Ordinal), "strace: ...");
            if (!line.Contains("attached", StringComparison.Ordinal))
            {
                await strace.DisposeAsync();
                Assert.Skip($"Processes cannot be traced here, so their calls cannot be made to fail: {line}");
            }
        }

        return new FailingCalls(strace);
    }

    private static List<string> Threads(int pid, string name)
        => [.. Directory.GetDirectories($"/proc/{pid}/task")
            .Where(task => File.ReadAllText($"{task}/comm").StartsWith(name, StringComparison.Ordinal))
            .Select(task => Path.GetFileName(task))];

    /// <summary>Waits till so many calls have failed.</summary>
    internal async Task FailedAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            await _strace.ExpectAsync(static line => line.Contains("(INJECTED)", StringComparison.Ordinal), "(INJECTED)");
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            // It lets go of the process and ends.
            _strace.Signal(Native.SigInt);
            await _strace.WaitForExitAsync();
        }
        finally
        {
            await _strace.DisposeAsync();
        }
    }
}
