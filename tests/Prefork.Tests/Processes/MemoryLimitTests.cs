using Prefork.Processes;

namespace Prefork.Tests.Processes;

/// <summary>The least limit on the way from the process's control group to the root.</summary>
public class MemoryLimitTests
{
    private const string Version2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate";
    private const string Version1 = "31 23 0:27 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory";
    private const string InContainer = "32 23 0:27 /docker/abc /sys/fs/cgroup/memory ro,relatime - cgroup cgroup rw,memory";

    [Theory]
    [InlineData(Version2, "0::/a.slice/b.service", "/sys/fs/cgroup/a.slice/b.service/memory.max", 100L)]
    [InlineData(Version2, "0::/a.slice/b.service", "/sys/fs/cgroup/a.slice/memory.max", 100L)]
    [InlineData(Version2, "0::/", "/sys/fs/cgroup/memory.max", 100L)]
    [InlineData(Version1, "4:cpu,memory:/a", "/sys/fs/cgroup/memory/a/memory.limit_in_bytes", 100L)]
    [InlineData(InContainer, "4:memory:/docker/abc", "/sys/fs/cgroup/memory/memory.limit_in_bytes", 100L)]
    [InlineData(Version1, "5:cpu:/a", "/sys/fs/cgroup/memory/a/memory.limit_in_bytes", null)]
    [InlineData(Version2, "0::/a", "/somewhere/else", null)]
    public void ALimit_IsFoundWhereItIs(string mount, string group, string file, long? expected)
        => Assert.Equal(expected, MemoryLimit.Read([mount], [group], name => name == file ? 100 : null));

    [Fact]
    public void OfSeveral_TheLeastHolds()
    {
        var limits = new Dictionary<string, long> { ["/sys/fs/cgroup/a/memory.max"] = 300, ["/sys/fs/cgroup/a/b/memory.max"] = 500, ["/sys/fs/cgroup/memory.max"] = 400 };
        Assert.Equal(300, MemoryLimit.Read([Version2], ["0::/a/b/c"], name => limits.TryGetValue(name, out var limit) ? limit : null));
    }

    [Fact]
    public void LinesOfOtherKinds_AreNotMinded()
        => Assert.Null(MemoryLimit.Read(["", "1 2", "36 35 98:0 / /mnt rw - ext3 /dev/root rw", "36 35 98:0 / /mnt rw -"], ["", "x"], _ => 1));
}
