using Prefork.Handoff;
using Prefork.Native;

namespace Prefork.Tests.Handoff;

public sealed class LaneTests : IDisposable
{
    private readonly FileDescriptor _worker;
    private readonly ScoreboardPage _page;
    private readonly Lane _lane;
    private readonly Queue<int> _recovered = new();

    public LaneTests()
    {
        (var sender, _worker) = SocketPair.SeqPacket();
        _page = ScoreboardPage.Create(1, out var descriptor);
        descriptor.Dispose();
        _lane = new Lane(1, 1, sender, _worker.Duplicate(), _page, 0, 128, TimeSpan.FromMilliseconds(100));
    }

    public void Dispose()
    {
        _lane.TryClose(_recovered);
        while (_recovered.TryDequeue(out var connection))
        {
            _ = Libc.Close(connection);
        }

        _worker.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Leave_OfAStoppedLane_KeepsWhatWasGivenMeanwhile(bool readsAgain)
    {
        Stop();
        if (readsAgain)
        {
            // The question whether it reads. That it has read it the lane has not seen yet.
            Assert.Equal((1, 0), Receive());
        }

        Assert.Equal(1, _lane.Send([Connection()], 1000));
        _lane.Leave();
        Assert.Equal((1, 1), Receive());
        Assert.Equal((0, 0), Receive());
    }

    [Fact]
    public void Leave_OfAStoppedLane_LeavesNothingBeforeTheEndOfFile()
    {
        Stop();
        _lane.Leave();
        Assert.Equal((0, 0), Receive());
    }

    /// <summary>A worker may say that it reads as often as it likes.</summary>
    [Fact]
    public void ALaneThatStallsAgain_WaitsLongerEachTime_UntilItHasDoneWithoutForAMinute()
    {
        long now = 1000;
        Assert.Equal(0, PauseAfterStall(ref now));
        Assert.Equal(200, PauseAfterStall(ref now));
        Assert.Equal(400, PauseAfterStall(ref now));
        for (var i = 0; i < 20; i++)
        {
            Assert.InRange(PauseAfterStall(ref now), 800, 60_000);
        }

        Assert.Equal(60_000, PauseAfterStall(ref now));
        now += 60_000;
        Assert.Equal(0, PauseAfterStall(ref now));

        // Nobody else can serve.
        Stall(now);
        _page.CountRead(0, 0);
        _lane.TakeBackIfStalled(now, _recovered);
        Assert.Equal(0, _lane.Room);
        _lane.EndPause(now);
        _lane.TakeBackIfStalled(now, _recovered);
        Assert.NotEqual(0, _lane.Room);
    }

    /// <summary>How long it is out of rotation though it says that it reads, to 10 ms.</summary>
    private long PauseAfterStall(ref long now)
    {
        Stall(now);
        now += 100;
        Receive();
        _page.CountRead(0, 0);
        var begun = now;
        for (; ; now += 10)
        {
            _lane.TakeBackIfStalled(now, _recovered);
            if (_lane.Room > 0)
            {
                return now - begun;
            }
        }
    }

    private void Stall(long now)
    {
        Assert.Equal(1, _lane.Send([Connection()], now));
        _lane.TakeBackIfStalled(now + 100, _recovered);
        Assert.Equal(0, _lane.Room);
    }

    /// <summary>A connection that is not taken is taken back.</summary>
    private void Stop()
    {
        Assert.Equal(1, _lane.Send([Connection()], 0));
        _lane.TakeBackIfStalled(1000, _recovered);
        Assert.Single(_recovered);
        Assert.Equal(0, _lane.Room);
    }

    private static int Connection()
    {
        var (connection, other) = SocketPair.Stream();
        other.Dispose();
        return connection.Release();
    }

    /// <summary>Bytes and descriptors, as the worker receives them.</summary>
    private (int Bytes, int Connections) Receive()
    {
        Span<byte> data = stackalloc byte[8];
        Span<int> connections = stackalloc int[1];
        var received = DescriptorMessage.Receive(_worker.Number, data, connections, out var count, out _);
        foreach (var connection in connections[..count])
        {
            _ = Libc.Close(connection);
        }

        return (received, count);
    }
}
