using Prefork.Handoff;
using Prefork.Native;

namespace Prefork.Worker.Intake;

/// <summary>Connections by a lane (see Lane): one message at a time, and each counted on the scoreboard when it is ours.</summary>
internal sealed class LaneIntake(FileDescriptor lane, ScoreboardPage page, int row, OpenConnections open, string name, Action onStopped)
    : DescriptorIntake(lane, open, name, onStopped)
{
    protected override int Receive()
    {
        Span<byte> data = stackalloc byte[8];
        Span<int> connection = stackalloc int[1];
        while (true)
        {
            var received = DescriptorMessage.Receive(Source, data, connection, out var count, out _);
            if (received <= 0)
            {
                return received == 0 ? AtEnd : Nothing;
            }

            // An empty message only asks whether anybody reads.
            page.CountRead(row, data[0]);
            if (count == 1)
            {
                return connection[0];
            }
        }
    }

    /// <summary>Only an end of file: what is still in the lane is delivered if wanted, or taken back by the primary.</summary>
    protected override unsafe bool IsAtEnd()
    {
        byte data;
        var vector = new IoVec { Base = &data, Length = 1 };
        var message = new MsgHdr { Vectors = &vector, VectorCount = 1 };
        return Libc.RecvMsg(Source, &message, Linux.MSG_DONTWAIT | Linux.MSG_PEEK) == 0;
    }
}
