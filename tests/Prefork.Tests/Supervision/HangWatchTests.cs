using Prefork.Supervision;

namespace Prefork.Tests.Supervision;

public class HangWatchTests
{
    private readonly ManualTime _time = new();
    private readonly RunningTime _running;
    private readonly HangWatch _watch = new(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(20));
    private readonly TaskCompletionSource _answer = new();
    private int _pings;

    public HangWatchTests() => _running = new RunningTime(_time);

    [Fact]
    public void Beat_Answered_NeverHangs()
    {
        for (var i = 0; i < 100; i++)
        {
            Assert.False(_watch.Beat(_running, () => Task.CompletedTask));
            _time.Advance(1);
        }
    }

    [Fact]
    public void Beat_Unanswered_HangsAtTheTimeout_OnOnePing()
    {
        Assert.Equal(20, SecondsTillHang());
        Assert.Equal(1, _pings);
    }

    [Fact]
    public void Beat_AnsweredLate_BeginsAnew()
    {
        for (var i = 0; i < 18; i++)
        {
            Assert.False(Beat());
            _time.Advance(1);
        }

        _answer.SetResult();
        for (var i = 0; i < 10; i++)
        {
            Assert.False(Beat());
            _time.Advance(1);
        }
    }

    [Fact]
    public void Beat_AfterAPauseOfOurOwn_GoesOnCountingWhereItWas()
    {
        for (var i = 0; i < 16; i++)
        {
            Assert.False(Beat());
            _time.Advance(1);
        }

        // In the middle of a heartbeat: five seconds were left, of which what was not seen to pass is still to come.
        _time.Advance(3600);
        Assert.InRange(SecondsTillHang(), 4, 6);
        Assert.Equal(1, _pings);
    }

    [Fact]
    public void Beat_OfAWorkerThatWasHeld_CountsAnew()
    {
        Assert.Equal(20, SecondsTillHang());
        _watch.Excuse();
        _time.Advance(1);
        Assert.Equal(19, SecondsTillHang());
    }

    [Fact]
    public void Beat_OfAWorkerThatIsGone_DoesNotHang()
    {
        for (var i = 0; i < 100; i++)
        {
            Assert.False(_watch.Beat(_running, () => Task.FromException(new InvalidOperationException())));
            _time.Advance(1);
        }
    }

    private int SecondsTillHang()
    {
        for (var i = 0; i < 100; i++, _time.Advance(1))
        {
            if (Beat())
            {
                return i;
            }
        }

        return -1;
    }

    private bool Beat() => _watch.Beat(_running, () =>
    {
        _pings++;
        return _answer.Task;
    });
}
