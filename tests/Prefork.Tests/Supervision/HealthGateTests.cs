namespace Prefork.Tests.Supervision;

public class HealthGateTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(25)]
    public void ATimeThatNoTimerTakes_IsRefused(int days)
    {
        Assert.Throws<ArgumentOutOfRangeException>("timeout", () => HealthGate.Http("/health", TimeSpan.FromDays(days)));
        Assert.Throws<ArgumentOutOfRangeException>("timeout", () => HealthGate.Command("true", [], TimeSpan.FromDays(days)));
    }
}
