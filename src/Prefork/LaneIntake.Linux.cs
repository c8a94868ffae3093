using Prefork.Ipc;
using Prefork.Native;

namespace Prefork;

/// <summary>Connections by a lane (see Lane): one message at a time, and each counted on the scoreboard when it is ours.</summary>
internal sealed class LaneIntake : DescriptorIntake
{
    private const int ReservedNumbers = 256;

    private readonly ScoreboardPage _page;
    private readonly int _row;
    private readonly int _careAbove = HighNumber();
    private bool _careful;

    internal LaneIntake(FileDescriptor lane, ScoreboardPage page, int row, OpenConnections open, string name, Action onStopped)
        : base(lane, open, name, onStopped)
    {
        _page = page;
        _row = row;
    }

    protected override int Receive(Span<int> connections)
    {
        // Near the limit a message could bring more descriptors than there are numbers, and the kernel would close the rest.
        if (_careful && !DescriptorHeadroom.Has(connections.Length, SourceDescriptor))
        {
            return Exhausted;
        }

        Span<byte> data = stackalloc byte[8];
        int received;
        int count;
        do
        {
            received = DescriptorMessage.Receive(Source, data, connections, out count, out var truncated);
            if (received < 0)
            {
                return Nothing;
            }

            if (received == 0)
            {
                return 0;
            }

            _careful = truncated || (_careful && count > 0 && connections[count - 1] > _careAbove / 2);
            _page.CountRead(_row, data[0]);
        }
        while (count == 0);

        _careful |= connections[count - 1] > _careAbove;
        return count;
    }

    /// <summary>Only an end of file: what is still in the lane is delivered if wanted, or taken back by the primary.</summary>
    protected override unsafe bool IsAtEnd()
    {
        byte data;
        var vector = new IoVec { Base = &data, Length = 1 };
        var message = new MsgHdr { Vectors = &vector, VectorCount = 1 };
        return Libc.RecvMsg(Source, &message, Linux.MSG_DONTWAIT | Linux.MSG_PEEK) == 0;
    }

    /// <summary>Numbers are given out from the lowest free one: one this high says that the table is nearly full.</summary>
    private static unsafe int HighNumber()
    {
        ResourceLimit limit;
        return Libc.GetResourceLimit(Linux.RLIMIT_NOFILE, &limit) == 0
            ? (int)Math.Min(int.MaxValue, limit.Soft - Math.Min(ReservedNumbers, limit.Soft / 4))
            : int.MaxValue;
    }
}
