using Prefork.Native;

namespace Prefork.Wire;

/// <summary>Lines that wait for the kernel, or a line that waits for the answer to its descriptor. Under the channel's write lock.</summary>
internal sealed class PendingWrite : IDisposable
{
    private const int MaxGathered = 128 * 1024;

    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Closer? _closer;
    private CancellationTokenRegistration _cancellation;
    private byte[] _bytes;
    private int _length;

    /// <param name="line">Copied.</param>
    /// <param name="handle">Rides on it.</param>
    /// <param name="closer">Closes the handle when that is done; null when somebody else does.</param>
    internal PendingWrite(ReadOnlySpan<byte> line, FileDescriptor? handle, Closer? closer)
    {
        _bytes = line.ToArray();
        _length = line.Length;
        Handle = handle;
        _closer = closer;
    }

    internal FileDescriptor? Handle { get; }

    internal int Written { get; set; }

    internal int Attempts { get; set; } = 1;

    internal int Lines { get; private set; } = 1;

    /// <summary>Called when the peer has refused the handle for good.</summary>
    internal Action? OnRefused { get; init; }

    internal bool IsWaitingToRepeat { get; set; }

    internal bool IsCancellable { get; private set; }

    internal ReadOnlySpan<byte> Remaining => _bytes.AsSpan(Written, _length - Written);

    internal Task Completion => _done.Task;

    /// <summary>Adds a line that goes out, and is done, together with what is here.</summary>
    internal bool TryAppend(ReadOnlySpan<byte> line)
    {
        var length = _length + line.Length;
        if (Written > 0 || Handle is not null || IsCancellable || length > MaxGathered)
        {
            return false;
        }

        if (length > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(length, _bytes.Length * 2));
        }

        line.CopyTo(_bytes.AsSpan(_length));
        _length = length;
        Lines++;
        return true;
    }

    internal void Complete()
    {
        _cancellation.Unregister();
        _done.TrySetResult();
    }

    internal void Fail(Exception exception)
    {
        _cancellation.Unregister();
        _done.TrySetException(exception);
        Dispose();
    }

    /// <summary>A cancelled message is not sent, unless it is too late for that: <paramref name="withdraw"/> says.</summary>
    internal void CancelWith(Func<PendingWrite, bool> withdraw, CancellationToken cancellation)
    {
        if (cancellation.CanBeCanceled)
        {
            IsCancellable = true;
            _cancellation = cancellation.UnsafeRegister(_ =>
            {
                if (withdraw(this))
                {
                    _done.TrySetCanceled(cancellation);
                    Dispose();
                }
            }, null);
        }
    }

    public void Dispose()
    {
        if (Handle is not null)
        {
            _closer?.CloseShared(Handle);
        }
    }
}
