using System.Diagnostics;
using System.Threading.Channels;

namespace Prefork.IntegrationTests;

/// <summary>A program under test: its lines as they come, its end, and nothing of it left behind.</summary>
internal class TestProgram : IAsyncDisposable
{
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Process _process;
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly List<string> _seen = [];
    private readonly List<string> _errors = [];
    private readonly TaskCompletionSource _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _errorsEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource _moreErrors = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HashSet<int> _workers = [];
    private bool _isDisposed;

    internal TestProgram(string file, IEnumerable<string>? arguments = null, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var start = new ProcessStartInfo(file, arguments ?? [])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }

        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.Exited += (_, _) => _exited.TrySetResult();
        _process.Start();
        _process.OutputDataReceived += (_, e) =>
        {
            if (e.Data is null)
            {
                _lines.Writer.Complete();
            }
            else
            {
                _lines.Writer.TryWrite(e.Data);
            }
        };
        _process.ErrorDataReceived += (_, e) =>
        {
            lock (_errors)
            {
                if (e.Data is null)
                {
                    _errorsEnded.TrySetResult();
                }
                else
                {
                    _errors.Add(e.Data);
                }

                _moreErrors.TrySetResult();
                _moreErrors = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    internal int Id => _process.Id;

    /// <summary>Every line so far, in order.</summary>
    internal IReadOnlyList<string> Seen => _seen;

    internal async Task TellAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
    }

    internal void CloseInput() => _process.StandardInput.Close();

    /// <summary>The next line that begins so; lines before it are seen, and skipped.</summary>
    internal Task<string> ExpectAsync(string prefix, TimeSpan? patience = null)
        => ExpectAsync(line => line.StartsWith(prefix, StringComparison.Ordinal), prefix, patience);

    /// <summary>The next line for which <paramref name="isIt"/> is true; <paramref name="what"/> is it in words.</summary>
    internal async Task<string> ExpectAsync(Predicate<string> isIt, string what, TimeSpan? patience = null)
    {
        using var timeout = new CancellationTokenSource(patience ?? Patience);
        try
        {
            while (true)
            {
                var line = await _lines.Reader.ReadAsync(timeout.Token);
                _seen.Add(line);
                if (line.StartsWith("forked ", StringComparison.Ordinal) && int.TryParse(line.Split(' ')[2], out var pid))
                {
                    _workers.Add(pid);
                }

                if (isIt(line))
                {
                    return line;
                }
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or ChannelClosedException)
        {
            // Here, because a test that fails while it starts a program has not got it yet, and cannot.
            await DisposeAsync();
            throw new InvalidOperationException($"'{what}' did not come. Seen:\n{string.Join('\n', _seen)}\nErrors:\n{ErrorText}", exception);
        }
    }

    /// <summary>The first line that begins so, whether it has been seen or is yet to come: for lines whose order is free.</summary>
    internal async Task<string> ExpectEverAsync(string prefix)
        => _seen.Find(line => line.StartsWith(prefix, StringComparison.Ordinal)) ?? await ExpectAsync(prefix);

    /// <summary>The first line on its standard error, seen or yet to come, that begins so and contains that.</summary>
    internal async Task<string> ExpectErrorAsync(string prefix, string content = "")
    {
        using var timeout = new CancellationTokenSource(Patience);
        while (true)
        {
            Task more;
            lock (_errors)
            {
                if (_errors.Find(line => line.StartsWith(prefix, StringComparison.Ordinal) && line.Contains(content, StringComparison.Ordinal)) is { } found)
                {
                    return found;
                }

                more = _moreErrors.Task;
            }

            try
            {
                await more.WaitAsync(timeout.Token);
            }
            catch (OperationCanceledException exception)
            {
                throw new InvalidOperationException($"'{prefix}' with '{content}' did not come. Errors:\n{ErrorText}", exception);
            }
        }
    }

    /// <summary>All of its standard error; it must be about to end.</summary>
    internal async Task<IReadOnlyList<string>> ErrorsAsync()
    {
        await _errorsEnded.Task.WaitAsync(Patience);
        return _errors;
    }

    private string ErrorText
    {
        get
        {
            lock (_errors)
            {
                return string.Join('\n', _errors);
            }
        }
    }

    internal void Signal(int signal) => Native.Kill(Id, signal);

    internal async Task<int> WaitForExitAsync()
    {
        // Not Process.WaitForExitAsync: that waits for the pipes too, which a worker may hold on purpose.
        await _exited.Task.WaitAsync(Patience);
        return _process.ExitCode;
    }

    public virtual async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        await _exited.Task.WaitAsync(Patience);

        // Workers go with their primary; one that did not was stopped by the test, and is ours to end.
        foreach (var pid in _workers)
        {
            Native.Kill(pid, 9);
        }

        _process.Dispose();
    }
}
