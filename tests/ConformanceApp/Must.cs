namespace ConformanceApp;

/// <summary>What must happen a number of times, no more and no less, before the process ends.</summary>
internal static class Must
{
    internal const int MissingExitCode = 70;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(40);
    private static readonly List<Calls> s_calls = [];

    internal static Calls Call(string what, int times = 1)
    {
        var calls = new Calls(what, times);
        lock (s_calls)
        {
            s_calls.Add(calls);
        }

        return calls;
    }

    internal static EventHandler<T> Handle<T>(string what, Action<T> handler, int times = 1)
    {
        var calls = Call(what, times);
        return (_, e) =>
        {
            handler(e);
            calls.Hit();
        };
    }

    internal static EventHandler<T> HandleAsync<T>(string what, Func<T, Task> handler, int times = 1)
    {
        var calls = Call(what, times);
        return async (_, e) =>
        {
            await handler(e);
            calls.Hit();
        };
    }

    internal static EventHandler<T> Never<T>(string what)
        => (_, _) => throw new CheckFailedException($"'{what}' must not happen");

    /// <summary>Waits until everything has happened; also what is added meanwhile.</summary>
    internal static async Task AllAsync()
    {
        using var timeout = new CancellationTokenSource(s_patience);
        while (Missing() is { } calls)
        {
            try
            {
                await calls.Done.WaitAsync(timeout.Token);
            }
            catch (OperationCanceledException)
            {
                throw new CheckFailedException(calls.ToString());
            }
        }
    }

    internal static Task<T> WithinPatience<T>(this Task<T> task) => task.WaitAsync(s_patience);

    internal static Task WithinPatience(this Task task) => task.WaitAsync(s_patience);

    /// <summary>Nobody waits any more: what is missing now makes the exit code.</summary>
    internal static void VerifyAtExit()
    {
        if (Missing() is { } calls)
        {
            Console.Error.WriteLine(calls);
            Environment.ExitCode = Environment.ExitCode is 0 ? MissingExitCode : Environment.ExitCode;
        }
    }

    private static Calls? Missing()
    {
        lock (s_calls)
        {
            return s_calls.Find(calls => !calls.Done.IsCompleted);
        }
    }
}

/// <summary>How often something has happened, and how often it must.</summary>
internal sealed class Calls(string what, int times)
{
    private readonly TaskCompletionSource _done = Completed(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), times == 0);
    private int _count;

    internal Task Done => _done.Task;

    internal void Hit()
    {
        var count = Interlocked.Increment(ref _count);
        if (count > times)
        {
            throw new CheckFailedException($"'{what}' happened {count} times, and must {times} times");
        }

        Completed(_done, count == times);
    }

    public override string ToString() => $"'{what}' happened {Volatile.Read(ref _count)} times, and must {times} times";

    private static TaskCompletionSource Completed(TaskCompletionSource done, bool now)
    {
        if (now)
        {
            done.TrySetResult();
        }

        return done;
    }
}
