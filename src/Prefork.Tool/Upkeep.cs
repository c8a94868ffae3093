namespace Prefork.Tool;

/// <summary>
/// Looks, again and again, whether what others find an application by is still there: they can remove it, and nothing tells of that. What is amiss is said
/// once, and tried again. Each look is on its own: a file system may not answer.
/// </summary>
internal sealed class Upkeep : IAsyncDisposable
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    /// <summary>For a look that is under way at the end. One that comes to its end later ends with the process.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _ended = new();
    private readonly IReadOnlyList<Func<string?>> _looks;
    private readonly Action<string> _say;
    private readonly string?[] _said;
    private readonly Task[] _looking;
    private readonly Task _rounds;

    /// <param name="looks">Each mends what it finds missing, and returns what it has done, or null. The first is the log's, in which the others' is said: they begin after it.</param>
    /// <param name="say">Hears of that.</param>
    internal Upkeep(IReadOnlyList<Func<string?>> looks, Action<string> say)
    {
        _looks = looks;
        _say = say;
        _said = new string?[looks.Count];
        _looking = [.. looks.Select(static _ => Task.CompletedTask)];
        _rounds = LookAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await Task.WhenAny(Task.WhenAll([_rounds, .. _looking]), Task.Delay(s_patience));
    }

    private async Task LookAsync()
    {
        using var timer = new PeriodicTimer(s_pause);
        try
        {
            while (await timer.WaitForNextTickAsync(_ended.Token))
            {
                for (var i = 0; i < _looks.Count; i++)
                {
                    if (_looking[i].IsCompleted)
                    {
                        var look = i;
                        _looking[i] = Task.Run(() => Look(look));
                    }

                    if (i == 0)
                    {
                        await Task.WhenAny(_looking[i], Task.Delay(s_pause, _ended.Token));
                    }
                }
            }
        }
        catch (OperationCanceledException)
        {
            // It ends.
        }
    }

    private void Look(int look)
    {
        var (done, problem) = Look(_looks[look]);
        if ((done ?? problem) is { } now && (done is not null || problem != _said[look]))
        {
            _say(now);
        }

        _said[look] = problem;
    }

    private static (string? Done, string? Problem) Look(Func<string?> look)
    {
        try
        {
            return (look(), null);
        }
        catch (Exception exception)
        {
            // Also one that nobody has thought of: it is said, and the next look is a new one.
            return (null, exception.Message);
        }
    }
}
