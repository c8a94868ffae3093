using Prefork.Native;

namespace Prefork.Handoff;

/// <summary>
/// A worker's page of the scoreboard: the worker writes, the primary reads without a system call.
/// One cache line for the worker, then a row for each lane. The primary trusts none of it: see Lane.
/// </summary>
internal sealed unsafe class ScoreboardPage
{
    internal const int Version = 1;
    internal const int Rows = (Length - HeaderLength) / RowLength;

    private const int Length = 16 * 1024;
    private const int HeaderLength = 64;
    private const int RowLength = 16;

    private readonly SharedMemory _memory;

    private ScoreboardPage(SharedMemory memory) => _memory = memory;

    internal static ScoreboardPage Create(int workerId, out FileDescriptor descriptor)
        => new(SharedMemory.Create($"prefork-scoreboard-{workerId}", Length, out descriptor));

    internal static ScoreboardPage Map(FileDescriptor descriptor) => new(SharedMemory.Map(descriptor, Length));

    /// <summary>Connections that the worker holds open now, of all listeners.</summary>
    internal long Open => Volatile.Read(ref *Word(0));

    /// <summary>Requests that the worker has begun to serve, as far as it counts them.</summary>
    internal long Requests => Volatile.Read(ref *Word(1));

    /// <summary>Connections that the worker has taken from the lane of this row since it was given.</summary>
    internal long Taken(int row) => Volatile.Read(ref *Row(row));

    /// <summary>Messages that it has read from that lane; also moves for one without connections.</summary>
    internal long Reads(int row) => Volatile.Read(ref *(Row(row) + 1));

    internal void AddOpen(long change) => Interlocked.Add(ref *Word(0), change);

    internal void CountRequest() => Interlocked.Increment(ref *Word(1));

    /// <summary>Called by the one thread that reads the lane.</summary>
    internal void CountRead(int row, int connections)
    {
        var counters = Row(row);
        Volatile.Write(ref *counters, *counters + connections);
        Volatile.Write(ref *(counters + 1), *(counters + 1) + 1);
    }

    private long* Word(int index) => (long*)_memory.Address + index;

    private long* Row(int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Rows, nameof(row));
        return (long*)(_memory.Address + HeaderLength + (row * RowLength));
    }
}
