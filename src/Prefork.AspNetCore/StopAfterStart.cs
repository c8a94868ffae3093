using Microsoft.Extensions.Hosting;

namespace Prefork.AspNetCore;

/// <summary>
/// A host's lifetime for one who may stop it at any time: before the host has started, the stop waits for that. Kestrel, stopped while it starts,
/// makes the program's start throw, and a worker that is told to leave in that moment would end by an unhandled exception.
/// </summary>
/// <remarks>It waits once and not for long: a start that hangs is stopped all the same, and so is one that is to stop for the second time.</remarks>
/// <param name="lifetime">The host's own.</param>
/// <param name="asked">Called first when somebody asks for the stop.</param>
internal sealed class StopAfterStart(IHostApplicationLifetime lifetime, Action? asked = null) : IHostApplicationLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private int _asked;
    private Timer? _timer;

    public CancellationToken ApplicationStarted => lifetime.ApplicationStarted;

    public CancellationToken ApplicationStopping => lifetime.ApplicationStopping;

    public CancellationToken ApplicationStopped => lifetime.ApplicationStopped;

    public void StopApplication()
    {
        asked?.Invoke();
        if (lifetime.ApplicationStarted.IsCancellationRequested || Interlocked.Exchange(ref _asked, 1) != 0)
        {
            lifetime.StopApplication();
            return;
        }

        _timer = new Timer(static lifetime => ((IHostApplicationLifetime)lifetime!).StopApplication(), lifetime, Patience, Timeout.InfiniteTimeSpan);
        _ = lifetime.ApplicationStarted.UnsafeRegister(
            static self => ((StopAfterStart)self!).StopNow(), this);
    }

    private void StopNow()
    {
        _timer!.Dispose();
        lifetime.StopApplication();
    }
}
