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

    public static TheoryData<string> Times => [.. typeof(SupervisorOptions).GetProperties()
        .Where(static property => (Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType) == typeof(TimeSpan))
        .Select(static property => property.Name)];

    [Theory]
    [MemberData(nameof(Times))]
    public void ATime_IsAtMost24Days(string name)
    {
        var property = typeof(SupervisorOptions).GetProperty(name)!;
        var options = new SupervisorOptions();
        property.SetValue(options, TimeSpan.FromDays(24));
        options.Validate();
        foreach (var tooLong in new[] { TimeSpan.FromDays(24) + TimeSpan.FromMilliseconds(1), TimeSpan.MaxValue })
        {
            property.SetValue(options, tooLong);
            var refused = Assert.Throws<ArgumentOutOfRangeException>(options.Validate);
            Assert.Equal(name, refused.ParamName);
            Assert.Contains("24.00:00:00", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void AnAgeOfWorkers_HasNoLimit()
    {
        var options = new SupervisorOptions();
        options.Recycling.MaxAge = TimeSpan.MaxValue;
        options.Validate();
    }
}
