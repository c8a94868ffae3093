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
    private readonly Task _looking;

    /// <param name="looks">Each mends what it finds missing, and returns what it has done, or null.</param>
    /// <param name="say">Hears of that.</param>
    internal Upkeep(IReadOnlyList<Func<string?>> looks, Action<string> say)
        => _looking = Task.WhenAll(looks.Select(look => LookAsync(look, say)));

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await Task.WhenAny(_looking, Task.Delay(s_patience));
    }

    private async Task LookAsync(Func<string?> look, Action<string> say)
    {
        string? said = null;
        using var timer = new PeriodicTimer(s_pause);
        try
        {
            while (await timer.WaitForNextTickAsync(_ended.Token))
            {
                var (done, problem) = Look(look);
                if ((done ?? problem) is { } now && (done is not null || problem != said))
                {
                    say(now);
                }

                said = problem;
            }
        }
        catch (OperationCanceledException)
        {
            // It ends.
        }
    }

    private static (string? Done, string? Problem) Look(Func<string?> look)
    {
        try
        {
            return (look(), null);
        }
        catch (Exception exception) when (exception is CommandException or IOException or UnauthorizedAccessException)
        {
            return (null, exception.Message);
        }
    }
}
