namespace Prefork.Tests.Supervision;

public class SupervisorOptionsTests
{
    [Fact]
    public void Clone_HasWhatTheOriginalHas_AndSharesNothingThatChanges()
    {
        var options = new SupervisorOptions { Workers = 3, StopTimeout = TimeSpan.FromSeconds(1) };
        options.StopExitCodes.Add(42);
        options.Recycling.MaxRequests = 10;
        var clone = options.Clone();
        options.StopExitCodes.Add(43);
        options.Recycling.MaxRequests = 20;
        options.Workers = 4;
        Assert.Equal((3, TimeSpan.FromSeconds(1), 10), (clone.Workers, clone.StopTimeout, clone.Recycling.MaxRequests));
        Assert.Equal([42], clone.StopExitCodes);
    }
}
