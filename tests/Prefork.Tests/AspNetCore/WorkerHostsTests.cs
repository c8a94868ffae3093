using Prefork.AspNetCore.Hosts;
using Prefork.Tests.Supervision;

namespace Prefork.Tests.AspNetCore;

/// <summary>A process is not a host: what several hosts say for their worker.</summary>
public class WorkerHostsTests
{
    private static readonly TimeSpan s_stopTime = TimeSpan.FromSeconds(30);

    private readonly ManualTime _time = new();
    private readonly WorkerHosts _hosts;
    private readonly WorkerHost _first = new();
    private readonly WorkerHost _second = new();
    private bool _isLeaving;
    private int _expected;
    private int _ready;
    private int _left;

    public WorkerHostsTests() => _hosts = new WorkerHosts(new WorkerVoice(() => _isLeaving, () => _expected++, () => _ready++, () => _left++), _time);

    [Fact]
    public void AHostThatDoesNotListen_SaysNothing()
    {
        _hosts.Ready(_first);
        _hosts.Stopping(_first, s_stopTime);
        _time.Advance(100);
        Assert.Equal((0, 0, 0), (_expected, _ready, _left));
        Assert.False(_hosts.ProcessEnds());
    }

    [Fact]
    public void AFailedBind_IsNoReasonToLeave()
    {
        _hosts.BeforeListening();
        _hosts.NotOpened();
        _time.Advance(100);
        Assert.Equal(0, _left);
    }

    [Fact]
    public void TheWorkerIsReady_WhenAllThatListenAre()
    {
        Open(_first);
        Open(_second);
        Assert.Equal(2, _expected);
        _hosts.Ready(_first);
        Assert.Equal(0, _ready);
        _hosts.Ready(_second);
        Assert.Equal(1, _ready);
    }

    [Fact]
    public void AHostThatFailsToStart_DoesNotKeepTheOthersFromBeingReady()
    {
        Open(_first);
        Open(_second);
        _hosts.Ready(_first);
        _hosts.Closed(_second);
        Assert.Equal(1, _ready);
    }

    [Fact]
    public void TheWorkerLeaves_WhenTheLastHostHasStopped_AndNoOtherHasCome()
    {
        Open(_first);
        Open(_second);
        Assert.False(Stop(_first));
        _time.Advance(100);
        Assert.Equal(0, _left);
        Assert.False(Stop(_second));
        _time.Advance(9.9);
        Assert.Equal(0, _left);
        _time.Advance(0.1);
        Assert.Equal(1, _left);
        Assert.True(_hosts.HasLeft);
    }

    [Fact]
    public void AHostThatComesInTime_Serves()
    {
        Open(_first);
        Stop(_first);
        _time.Advance(4);
        Open(_second);
        _time.Advance(100);
        _hosts.Ready(_second);
        Assert.Equal((0, 1), (_left, _ready));
    }

    [Fact]
    public void AHostThatOpens_AfterTheOtherHasClosed_EndsTheWait()
    {
        Open(_first);
        _hosts.BeforeListening();
        Stop(_first);
        _hosts.Opened(_second);
        _time.Advance(100);
        Assert.Equal(0, _left);
    }

    [Fact]
    public void AHostThatComesTooLate_HearsWhy()
    {
        Open(_first);
        Stop(_first);
        _time.Advance(10);
        var exception = Assert.Throws<InvalidOperationException>(_hosts.BeforeListening);
        Assert.Contains("no host of its process listened any more, for 10 seconds", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AHostWhoseStopTakesItsTime_IsWaitedFor()
    {
        Open(_first);
        _hosts.Stopping(_first, s_stopTime);
        _time.Advance(29);
        _hosts.Closed(_first);
        _time.Advance(9);
        Open(_second);
        _time.Advance(100);
        Assert.Equal(0, _left);
    }

    [Fact]
    public void AHostWhoseStopHangs_DoesNotKeepTheWorker()
    {
        Open(_first);
        _hosts.Stopping(_first, s_stopTime);
        _time.Advance(40);
        Assert.Equal(1, _left);
    }

    [Fact]
    public void ASignal_IsTheEndOfWaiting_WhicheverIsHeardFirst()
    {
        Open(_first);
        _hosts.TellToEnd();
        Assert.Equal(0, _left);
        Assert.True(_hosts.Stopping(_first, s_stopTime));
        Assert.Equal(1, _left);
    }

    [Fact]
    public void ASignal_HeardAfterTheStopHasBegun_IsTheEndOfWaiting()
    {
        Open(_first);
        Assert.False(_hosts.Stopping(_first, s_stopTime));
        _hosts.TellToEnd();
        Assert.Equal(1, _left);
    }

    [Fact]
    public void ASignalToTwoHosts_LeavesWithTheLast()
    {
        Open(_first);
        Open(_second);
        _hosts.TellToEnd();
        Assert.False(_hosts.Stopping(_first, s_stopTime));
        Assert.True(_hosts.Stopping(_second, s_stopTime));
    }

    [Fact]
    public void TheEndOfTheProcess_IsTheEndOfWaiting()
    {
        Open(_first);
        Assert.False(_hosts.ProcessEnds());
        Stop(_first);
        Assert.True(_hosts.ProcessEnds());
        Assert.Equal(1, _left);
    }

    [Fact]
    public void AWorkerThatIsToldToLeave_DoesNotSayItOnceMore_AndHostsThatComeAreNotRefused()
    {
        Open(_first);
        _isLeaving = true;
        Assert.True(_hosts.Stopping(_first, s_stopTime));
        _hosts.Closed(_first);
        _time.Advance(100);
        Assert.Equal(0, _left);
        _hosts.BeforeListening();
    }

    private void Open(WorkerHost host)
    {
        _hosts.BeforeListening();
        _hosts.Opened(host);
    }

    private bool Stop(WorkerHost host)
    {
        var leaves = _hosts.Stopping(host, s_stopTime);
        _hosts.Closed(host);
        return leaves;
    }
}
