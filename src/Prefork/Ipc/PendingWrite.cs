using Prefork.Native;

namespace Prefork.Ipc;

/// <summary>Lines that wait for the kernel, or a line that waits for the answer to its descriptor. Under the channel's write lock.</summary>
internal sealed class PendingWrite : IDisposable
{
    private const int MaxGathered = 128 * 1024;

    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly bool _ownsHandle;
    private CancellationTokenRegistration _cancellation;
    private byte[] _bytes;
    private int _length;

    internal PendingWrite(ReadOnlySpan<byte> line, FileDescriptor? handle, bool ownsHandle)
    {
        _bytes = line.ToArray();
        _length = line.Length;
        Handle = handle;
        _ownsHandle = ownsHandle;
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
        if (_ownsHandle && Handle is not null)
        {
            // The peer may have it, and be done with it.
            Closer.CloseShared(Handle);
        }
    }
}
