namespace Prefork.Tool;

/// <summary>
/// Looks, again and again, whether what others find an application by is still there: they can remove it, and nothing tells of that. What is amiss is said
/// once, and tried again.
/// </summary>
internal sealed class Upkeep : IAsyncDisposable
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _ended = new();
    private readonly Task _looking;

    /// <param name="looks">Each mends what it finds missing, and returns what it has done, or null.</param>
    /// <param name="say">Hears of that.</param>
    internal Upkeep(IReadOnlyList<Func<string?>> looks, Action<string> say) => _looking = LookAsync(looks, say);

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _looking;
        _ended.Dispose();
    }

    private async Task LookAsync(IReadOnlyList<Func<string?>> looks, Action<string> say)
    {
        var said = new string?[looks.Count];
        using var timer = new PeriodicTimer(s_pause);
        try
        {
            while (await timer.WaitForNextTickAsync(_ended.Token))
            {
                for (var i = 0; i < looks.Count; i++)
                {
                    if (Look(looks[i]) is var (done, problem) && (done ?? problem) is { } now && (done is not null || problem != said[i]))
                    {
                        say(now);
                    }

                    said[i] = problem;
                }
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
