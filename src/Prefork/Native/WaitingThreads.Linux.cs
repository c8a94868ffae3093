namespace Prefork.Native;

/// <summary>A supervisor's threads for one kind of call that may wait, such as for a file system: so many at once. A call that never returns keeps its thread.</summary>
internal sealed class WaitingThreads(BlockingPool pool, int mostAtOnce)
{
    internal BlockingShare Share { get; } = new(pool, mostAtOnce);

    /// <inheritdoc cref="BlockingCall.StartAsync"/>
    internal Task<T> CallAsync<T>(Func<T> call, TimeSpan timeout, CancellationToken cancellation = default)
        => BlockingCall.StartAsync(Share.Run, call, late: null, timeout, cancellation);
}
