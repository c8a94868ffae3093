using System.Globalization;

namespace Prefork.Tool;

/// <summary>
/// Lines on their way to a file or a terminal, in order, by a thread of their own: who says something does not wait for that. Bounded: workers are not read on while there is no
/// room; and what is left out is counted, and said in its place.
/// </summary>
internal sealed class LineQueue : IAsyncDisposable
{
    /// <summary>Of workers' lines, in bytes of memory.</summary>
    internal const int MostWaiting = 1024 * 1024;

    /// <summary>Of what the application says itself, beyond that.</summary>
    internal const int MostOwn = 1024 * 1024;

    /// <summary>A write that takes longer is held: by a disk that does not answer, or a reader that does not read.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private const int PerLine = 128;

    private readonly object _lock = new();
    private readonly Queue<(LogLine Line, int Size)> _waiting = new();
    private readonly Action<LogLine> _write;
    private readonly TimeProvider _time;
    private readonly bool _workersWait;

    /// <summary>Ends with the next line that is written; null when nobody waits for that.</summary>
    private TaskCompletionSource? _moves;

    private long _added;
    private long _written;
    private long _began;
    private int _size;
    private int _leftOut;
    private bool _isComplete;

    /// <param name="name">The thread's.</param>
    /// <param name="write">Writes a line, however long that takes. Throws nothing.</param>
    /// <param name="workersWait">Whether workers wait while a write is held; else what they write is left out then.</param>
    /// <param name="time">The clock.</param>
    internal LineQueue(string name, Action<LogLine> write, bool workersWait, TimeProvider time)
    {
        _write = write;
        _workersWait = workersWait;
        _time = time;
        new Thread(Run) { IsBackground = true, Name = name }.UnsafeStart();
    }

    /// <summary>How much longer the write that is under way may take.</summary>
    private TimeSpan Left => Patience - _time.GetElapsedTime(_began);

    private bool IsHeld => _added > _written && Left <= TimeSpan.Zero;

    /// <summary>Takes a line, or leaves it out.</summary>
    internal void Add(LogLine line)
    {
        lock (_lock)
        {
            // What a worker wrote has been read when there was room. It waits here, but for one that is not to wait for what is held.
            var fits = line.Slot is null ? _size < MostWaiting + MostOwn : _workersWait || _size < MostWaiting || !IsHeld;
            if (_isComplete || !fits)
            {
                _leftOut++;
                return;
            }

            SayLeftOut();
            Enqueue(line);
        }
    }

    /// <summary>Ends when workers may be read on.</summary>
    internal ValueTask RoomAsync()
    {
        lock (_lock)
        {
            return _size < MostWaiting ? default : new ValueTask(UntilAsync(() => _size < MostWaiting, unlessHeld: !_workersWait));
        }
    }

    /// <summary>Ends when all that has been added until now is written, or a write is held.</summary>
    internal Task WrittenAsync()
    {
        lock (_lock)
        {
            var last = _added;
            return UntilAsync(() => _written >= last, unlessHeld: true);
        }
    }

    /// <summary>Writes what waits. Where that is held, it is lost, and the thread ends with the process.</summary>
    /// <returns>When <see cref="IsEmpty"/>, or it is held.</returns>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            SayLeftOut();
            _isComplete = true;

            // The last chance of a write that is held already.
            _began = _time.GetTimestamp();
            Monitor.Pulse(_lock);
        }

        await WrittenAsync();
    }

    /// <summary>Whether all is written.</summary>
    internal bool IsEmpty
    {
        get
        {
            lock (_lock)
            {
                return _written == _added;
            }
        }
    }

    private async Task UntilAsync(Func<bool> condition, bool unlessHeld)
    {
        while (true)
        {
            Task moves;
            TimeSpan left;
            lock (_lock)
            {
                // Asked once: from one look at the clock to the next it goes on.
                left = unlessHeld ? Left : Timeout.InfiniteTimeSpan;
                if (condition() || _isComplete && _written == _added || (unlessHeld && left <= TimeSpan.Zero))
                {
                    return;
                }

                moves = (_moves ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            using var over = new CancellationTokenSource();
            await Task.WhenAny(moves, Task.Delay(left, _time, over.Token));
            await over.CancelAsync();
        }
    }

    private void Enqueue(LogLine line)
    {
        var size = PerLine + (2 * line.Line.Length) + (line.Bytes?.Length ?? 0);
        _waiting.Enqueue((line, size));
        _size += size;
        if (_added++ == _written)
        {
            _began = _time.GetTimestamp();
        }

        Monitor.Pulse(_lock);
    }

    private void SayLeftOut()
    {
        if (_leftOut > 0)
        {
            Enqueue(LogLine.Of(string.Create(CultureInfo.InvariantCulture, $"{_leftOut} {(_leftOut == 1 ? "line was" : "lines were")} left out: what was said before could not be written for {Patience.TotalSeconds} s or more")));
            _leftOut = 0;
        }
    }

    private void Run()
    {
        while (Next() is { } next)
        {
            _write(next.Line);
            lock (_lock)
            {
                _size -= next.Size;
                _written++;
                _began = _time.GetTimestamp();
                if (_written == _added && !_isComplete)
                {
                    SayLeftOut();
                }

                _moves?.TrySetResult();
                _moves = null;
            }
        }
    }

    /// <summary>Null when none is to come.</summary>
    private (LogLine Line, int Size)? Next()
    {
        lock (_lock)
        {
            while (_waiting.Count == 0 && !_isComplete)
            {
                Monitor.Wait(_lock);
            }

            return _waiting.TryDequeue(out var next) ? next : null;
        }
    }
}
