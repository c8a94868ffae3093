using Prefork.Supervision;

namespace Prefork.Tests.Supervision;

public class CrashLoopBreakerTests
{
    private readonly CrashLoopBreaker _breaker = new(3, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(30));

    [Fact]
    public void Fail_OftenEnoughWithinTheWindow_Opens_Once()
    {
        Assert.False(_breaker.Fail(At(0)));
        Assert.False(_breaker.Fail(At(1)));
        Assert.False(_breaker.IsOpen);
        Assert.True(_breaker.Fail(At(2)));
        Assert.True(_breaker.IsOpen);
        Assert.False(_breaker.Fail(At(3)));
        Assert.Equal(At(33), _breaker.NextTry);
    }

    [Theory]
    [InlineData(null, 0, false, true)]
    [InlineData(null, 0, true, true)]
    [InlineData(1.0, 0, true, false)]
    [InlineData(1.0, 0, false, true)]
    [InlineData(1.0, 5, true, true)]
    [InlineData(10.0, 5, true, false)]
    [InlineData(10.0, 0, false, false)]
    public void IsFailure_CountsWhoNeverServed_HoweverItEnded(double? served, int code, bool asked, bool fails)
        => Assert.Equal(fails, CrashLoopBreaker.IsFailure(new WorkerExit(code, null, asked), served is { } seconds ? TimeSpan.FromSeconds(seconds) : null, TimeSpan.FromSeconds(10)));

    [Fact]
    public void Fail_NowAndThen_DoesNotOpen()
    {
        for (var i = 0; i < 20; i++)
        {
            Assert.False(_breaker.Fail(At(31 * i)));
        }
    }

    [Fact]
    public void Succeed_Closes_AndForgets()
    {
        Assert.False(_breaker.Succeed());
        for (var i = 0; i < 3; i++)
        {
            _breaker.Fail(At(i));
        }

        Assert.True(_breaker.Succeed());
        Assert.False(_breaker.IsOpen);
        Assert.False(_breaker.Fail(At(4)));
        Assert.False(_breaker.Fail(At(5)));
        Assert.True(_breaker.Fail(At(6)));
    }

    [Fact]
    public void IsQuiet_AWindowAfterTheLastFailure()
    {
        _breaker.Fail(At(0));
        _breaker.Fail(At(10));
        Assert.False(_breaker.IsQuiet(At(69)));
        Assert.True(_breaker.IsQuiet(At(70)));
    }

    private static TimeSpan At(int seconds) => TimeSpan.FromSeconds(seconds);
}
